"""The command ``evaluate``: figures on standard output, progress beside them, clear refusals."""

import json

import pytest

from explorer.cli import main
from explorer.metrics import inception

pytestmark = pytest.mark.usefixtures("few_features")
GAN, REAL = "pretrained:gan-fashion", "real:fashion-mnist:test"


def told(capsys, *words):
    code = main(["evaluate", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_json_holds_figures_and_their_whole_protocol(capsys):
    code, out, err = told(capsys, GAN, REAL, "--samples", "300", "--json", "--metrics", "fid,kid")
    first, second = json.loads(out)["standings"]
    assert code == 0
    assert first["key"] == GAN
    assert first["scores"].keys() == {"FID", "KID"}
    assert second["scores"]["FID"]["value"] < first["scores"]["FID"]["value"]
    how = first["protocol"]
    assert how["samples"] == 300
    assert how["network_sha256"] == inception.SHA256
    assert how["reference_size"] == 10_000
    assert len(how["checkpoint_sha256"]) == 64
    assert "drawing" in err
    assert "done 300 of 300" in err


def test_the_table_names_the_protocol(capsys):
    code, out, _ = told(capsys, REAL, "--samples", "250", "--precision", "float32")
    assert code == 0
    assert "first 10,000 training images of Fashion-MNIST" in out
    assert "float32, resized bilinear as in TensorFlow 1" in out
    assert "recall" in out


def test_quick_measures_need_no_inception_network(capsys, monkeypatch):
    monkeypatch.setattr(inception, "problem", lambda: "It is missing. Restore it.")
    code, out, _ = told(capsys, GAN, "--samples", "250", "--metrics", "classifier,sharpness")
    assert code == 0
    assert "classifier distance" in out
    assert "FID" not in out
    code, out, err = told(capsys, GAN, "--samples", "250", "--metrics", "fid")
    assert code != 0
    assert "missing" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([GAN, "--metrics", "beauty"], "--metrics is 'beauty'"),
        ([GAN, "--metrics", ""], "--metrics is ''"),
        ([GAN, "--samples", "20"], "--samples"),
        ([GAN, "--samples", "many"], "--samples"),
        ([GAN, "--reference", "some"], "--reference is 'some', but must be train, all or test"),
        ([GAN, "--precision", "int8"], "--precision is 'int8'"),
        (["pretrained:nothing"], "no shipped model 'nothing'"),
        (["real:nothing:test"], "no data set 'nothing'"),
        ([GAN, "real:mnist:test"], "different data"),
        ([GAN, "--prior", "mixture"], "no prior can be fitted"),
        ([GAN, "--prior", "odd"], "normal, gaussian or mixture"),
    ],
)
def test_bad_input_is_told_in_a_sentence(capsys, words, said):
    code, out, err = told(capsys, *words)
    assert code != 0
    assert not out
    assert said in err
    assert "Traceback" not in err
