"""Lessons: guided demonstrations as data files, which open pages in a given state.

`schema` says what a lesson file holds and `doors` what each page understands, `reading` finds the
files, `numbers` looks up what was measured here and judges it beside the course document, `handin`
writes a student's page and `table` the list of every line of the course documents.
"""
