"""The sentence-transformers adapter: names, fingerprints, prompts, silence; with a model made here."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from retrieval import embedder, hub
from retrieval.embedder import (
    BUILT_IN,
    OnnxEmbedder,
    Prompts,
    SentenceTransformerEmbedder,
    embedder_for,
    prompts_of,
)
from retrieval.errors import ConfigError, RetrievalError
from retrieval.pool import unreported

ROOT = Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def model_files(folder: Path, **files: str) -> Path:
    """Write files that look like a model's, as far as they are looked at without loading it."""
    for name, content in {"config": "{}", "modules": "[]", **files}.items():
        path = folder / (name if "." in name else f"{name}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Point the hub's cache to an empty folder, and forbid to download anything."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def cached(cache: Path, repository: str, **files: str) -> Path:
    """Put a model into the hub's cache."""
    home = cache / f"models--{repository.replace('/', '--')}"
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text(COMMIT)
    return model_files(home / "snapshots" / COMMIT, **files)


def test_fingerprint_covers_files_of_a_folder(tmp_path):
    """A folder's fingerprint stays with its files, wherever they are, and changes with any of them."""
    first = model_files(tmp_path / "a", **{"model.safetensors": "weights", "1_Pooling/config.json": "{}"})
    same = model_files(
        tmp_path / "b" / "c", **{"model.safetensors": "weights", "1_Pooling/config.json": "{}"}
    )
    other = model_files(tmp_path / "d", **{"model.safetensors": "Weights", "1_Pooling/config.json": "{}"})
    prints = [SentenceTransformerEmbedder(str(folder)).fingerprint for folder in (first, same, other)]
    assert prints[0] == prints[1] != prints[2]
    (same / "README.md").write_text("notes")
    model_files(same / "onnx", **{"model.onnx": "graph"})
    assert SentenceTransformerEmbedder(str(same)).fingerprint == prints[0]
    (same / "1_Pooling" / "config.json").write_text('{"pooling_mode": "cls"}')
    assert SentenceTransformerEmbedder(str(same)).fingerprint != prints[0]


def test_fingerprint_covers_prompts(tmp_path, monkeypatch):
    """Other prompts make another fingerprint."""
    folder = str(model_files(tmp_path / "multilingual-e5-small", **{"model.safetensors": "w"}))
    before = SentenceTransformerEmbedder(folder).fingerprint
    monkeypatch.setitem(embedder._PROMPTS, "multilingual-e5-small", Prompts("q: ", "p: "))
    assert SentenceTransformerEmbedder(folder).fingerprint != before


def test_model_in_the_hub_cache_is_used_as_it_is(cache):
    """A model downloaded before is found without the network; its commit is what tells it from others."""
    folder = cached(cache, "intfloat/multilingual-e5-small", **{"model.safetensors": "w"})
    assert hub.folder_of("intfloat/multilingual-e5-small") == folder
    assert hub.revision_of(folder) == COMMIT
    short = cached(cache, "sentence-transformers/all-MiniLM-L6-v2", **{"pytorch_model.bin": "w"})
    assert hub.folder_of("all-MiniLM-L6-v2") == short


def test_half_downloaded_model_is_not_used(cache):
    """A model without weights in the hub's cache has to be downloaded, which offline is one sentence."""
    cached(cache, "intfloat/multilingual-e5-small")
    with pytest.raises(ConfigError, match="HF_HUB_OFFLINE forbids"):
        hub.folder_of("intfloat/multilingual-e5-small")


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("RepositoryNotFoundError", "There is no model “a/b” on the Hugging Face hub"),
        ("GatedRepoError", "The model a/b is gated: accept its terms"),
        ("ConnectionError", r"The model a/b could not be downloaded \(ConnectionError\); check the network"),
    ],
)
def test_hub_says_no(monkeypatch, error, sentence):
    """A name nobody has, a model behind terms and a hub out of reach are one sentence each."""
    from huggingface_hub import HfApi, errors

    kind = getattr(errors, error, ConnectionError)

    def refuse(*_, **__):
        raise kind.__new__(kind)

    monkeypatch.setattr(HfApi, "list_repo_files", refuse)
    with pytest.raises(ConfigError, match=sentence):
        hub.folder_of("a/b")


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("name", ["a model", "a/../b", "模型"])
def test_name_nobody_can_have(name):
    """A name the hub does not allow is one sentence."""
    with pytest.raises(ConfigError):
        hub.folder_of(name)


def test_download_takes_one_version_of_the_weights():
    """Of a model only what is read is downloaded: no ONNX, no second format of the weights."""
    names = ["README.md", "config.json", "model.safetensors", "pytorch_model.bin", "onnx/model.onnx"]
    names += ["onnx/config.json", "1_Pooling/config.json", "tokenizer.json", "vocab.txt", "tf_model.h5"]
    assert hub._wanted(names) == [
        "1_Pooling/config.json",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "vocab.txt",
    ]
    assert hub._wanted(["config.json", "pytorch_model.bin"]) == ["config.json", "pytorch_model.bin"]


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/nowhere", "a/b/c", "..\\models"])
def test_folder_that_is_not_there(name):
    """A name that can only be a folder is not looked for on the hub."""
    with pytest.raises(ConfigError, match="There is no folder") as raised:
        hub.folder_of(name)
    assert raised.value.sentence("zh").startswith(f"没有文件夹 {name}")


def test_folder_that_is_no_model(tmp_path):
    """A folder without a model's configuration is one sentence."""
    with pytest.raises(ConfigError, match="is not a sentence-transformers model"):
        _ = SentenceTransformerEmbedder(str(tmp_path)).fingerprint


def test_prompts_are_known_by_the_last_part_of_a_name():
    """E5's prompts are built in, for its name on the hub and for a folder called like it."""
    assert prompts_of("intfloat/multilingual-e5-base") == Prompts("query: ", "passage: ")
    assert prompts_of("/models/Multilingual-E5-base") == Prompts("query: ", "passage: ")
    assert prompts_of("BAAI/bge-m3") == Prompts("", "")


def test_fingerprint_imports_no_library(tmp_path):
    """A fingerprint needs neither torch nor transformers."""
    folder = model_files(tmp_path, **{"model.safetensors": "w"})
    code = (
        "import sys; from retrieval.embedder import SentenceTransformerEmbedder as E;"
        "assert E(sys.argv[1]).fingerprint and E().fingerprint;"
        "print(*sys.modules.keys() & {'torch', 'transformers', 'sentence_transformers'})"
    )
    run = subprocess.run([sys.executable, "-c", code, folder], check=True, capture_output=True, cwd=ROOT)
    assert run.stdout.strip() == b""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Make a model of one layer and eight dimensions, with random weights, and save it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        "query",
        "passage",
        ":",
        "hello",
        "world",
        "你",
        "好",
    ]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    config = BertConfig(vocab_size=len(words), **sizes)
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"))
    SentenceTransformer(modules=[transformer, Pooling(8, "mean")], device="cpu").save(str(folder / "model"))
    return folder / "model"


def copy_of(tiny: Path, target: Path) -> Path:
    """Copy the tiny model."""
    import shutil

    return Path(shutil.copytree(tiny, target))


@pytest.mark.slow
def test_any_model_embeds(tiny):
    """A model in a folder gives rows of unit length, for several threads at a time."""
    made = SentenceTransformerEmbedder(str(tiny), "cpu")
    rows = made.passages(["hello world", "你好"])
    assert (rows.shape, rows.dtype) == ((2, 8), np.float32)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)
    with ThreadPoolExecutor(8) as pool:
        vectors = list(pool.map(made.question, ["hello world", "你好"] * 20))
    np.testing.assert_allclose(vectors[::2], np.tile(rows[0], (20, 1)), atol=1e-5)


@pytest.mark.slow
def test_several_processes_give_the_same_vectors_and_end(tiny):
    """Ctrl-C in the terminal is the parent's to act on, and however the encoding ends, they end with it."""
    alone = SentenceTransformerEmbedder(str(tiny), "cpu")
    several = SentenceTransformerEmbedder(str(tiny), "cpu", devices=("cpu", "cpu"))
    texts = [" ".join(["hello", "world", "你", "好"][: n % 4 + 1]) for n in range(100)]
    assert several.fingerprint == alone.fingerprint

    def interrupted():
        with several.encoding():
            children.extend(multiprocessing.active_children())
            if os.name == "posix":
                for child in children:
                    os.kill(child.pid, signal.SIGINT)
            np.testing.assert_allclose(several.passages(texts), alone.passages(texts), atol=1e-6)
            raise KeyboardInterrupt

    children = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(children) == 2
    assert multiprocessing.active_children() == []
    np.testing.assert_allclose(several.passages(texts[:3]), alone.passages(texts[:3]), atol=1e-6)


@pytest.mark.parametrize("before", [None, "ignore::DeprecationWarning"])
def test_warnings_are_filtered_for_the_time_of_encoding_only(monkeypatch, before):
    """By an environment that is as it was afterwards."""
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    if before:
        monkeypatch.setenv("PYTHONWARNINGS", before)
    with unreported():
        assert os.environ["PYTHONWARNINGS"].split(",")[-1] == "ignore:resource_tracker:UserWarning"
        assert os.environ["PYTHONWARNINGS"].startswith(before or "ignore:resource")
    assert os.environ.get("PYTHONWARNINGS") == before


@pytest.mark.slow
def test_an_encoding_process_that_dies(tiny):
    """One sentence, and the others end as well."""
    made = SentenceTransformerEmbedder(str(tiny), "cpu", devices=("cpu",))

    def killed():
        with made.encoding():
            for child in multiprocessing.active_children():
                child.kill()
                child.join()
            made.passages(["hello"])

    with pytest.raises(RetrievalError, match=r"A process that encodes passages failed .*ENCODING_DEVICES"):
        killed()
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_encoding_device_that_is_not_there(tiny):
    """The setting that names it is the one to correct."""
    made = SentenceTransformerEmbedder(str(tiny), "cpu", devices=("cpu", "cuda:77"))
    with pytest.raises(ConfigError, match="set THREADBOT_ENCODING_DEVICES to another one"), made.encoding():
        pass


@pytest.mark.slow
def test_known_prompts_are_used(tiny, tmp_path):
    """A model known by name gets its prompts, unless its own configuration has some."""
    plain = SentenceTransformerEmbedder(str(tiny), "cpu")
    folder = copy_of(tiny, tmp_path / "multilingual-e5-small")
    known = SentenceTransformerEmbedder(str(folder), "cpu")
    np.testing.assert_allclose(known.question("hello"), plain.question("query: hello"), atol=1e-6)
    assert not np.allclose(known.question("hello"), plain.question("hello"), atol=1e-3)
    np.testing.assert_allclose(known.passages(["hello"]), plain.passages(["passage: hello"]), atol=1e-6)
    path = folder / "config_sentence_transformers.json"
    own = json.loads(path.read_text()) | {"prompts": {"query": "world ", "document": ""}}
    path.write_text(json.dumps(own))
    kept = SentenceTransformerEmbedder(str(folder), "cpu")
    np.testing.assert_allclose(kept.question("hello"), plain.question("world hello"), atol=1e-6)
    np.testing.assert_allclose(kept.passages(["hello"]), plain.passages(["hello"]), atol=1e-6)


@pytest.mark.slow
def test_damaged_model(tiny, tmp_path):
    """A model whose weights are cut off is one sentence."""
    folder = copy_of(tiny, tmp_path / "broken")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ConfigError, match=r"cannot be loaded \(.+\): it is damaged"):
        SentenceTransformerEmbedder(str(folder), "cpu").question("hello")


@pytest.mark.slow
def test_model_with_code_of_its_own_is_not_run(tiny, tmp_path):
    """A model that brings code is refused, and its code is not run."""
    folder = copy_of(tiny, tmp_path / "foreign")
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Model: pass\n")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "foreign", "auto_map": {"AutoConfig": "evil.Model", "AutoModel": "evil.Model"}}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigError, match="needs code of its own, which threadbot never runs"):
        SentenceTransformerEmbedder(str(folder), "cpu").question("hello")
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
@pytest.mark.parametrize("device", ["nowhere", "cuda:99"])
def test_device_that_is_not_there(tiny, device):
    """A device that PyTorch does not have is one sentence that names the setting."""
    with pytest.raises(ConfigError, match=f"on the device “{device}” .*THREADBOT_DEVICE"):
        SentenceTransformerEmbedder(str(tiny), device).question("hello")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny", "built-in"])
def test_loading_prints_nothing(tiny, name):
    """Neither progress bars nor warnings of the libraries reach the terminal."""
    code = (
        "import sys; from retrieval.embedder import SentenceTransformerEmbedder as E;"
        "E(sys.argv[1], 'cpu').question('hello')"
    )
    model = str(tiny) if name == "tiny" else name
    run = subprocess.run([sys.executable, "-c", code, model], check=True, capture_output=True, cwd=ROOT)
    assert (run.stdout, run.stderr) == (b"", b"")


def test_the_built_in_model_runs_without_pytorch_unless_told_otherwise():
    """By default the built-in model is onnxruntime's; other models and devices are PyTorch's."""
    assert isinstance(embedder_for(), OnnxEmbedder)
    assert isinstance(embedder_for(device="cpu"), OnnxEmbedder)
    assert isinstance(embedder_for(device="cuda"), SentenceTransformerEmbedder)
    assert isinstance(embedder_for("intfloat/multilingual-e5-small"), SentenceTransformerEmbedder)
    assert isinstance(embedder_for(backend="torch"), SentenceTransformerEmbedder)
    assert isinstance(embedder_for(devices=("cpu", "cpu")), SentenceTransformerEmbedder)


def test_every_backend_and_precision_has_its_own_fingerprint():
    """A cache never mixes the vectors of two backends or precisions."""
    prints = {embedder_for(backend=backend).fingerprint for backend in ("onnx", "onnx-int8", "torch")}
    assert len(prints) == 3


@pytest.mark.parametrize(("name", "device"), [("intfloat/multilingual-e5-small", None), (BUILT_IN, "cuda")])
def test_onnxruntime_is_not_asked_for_what_it_cannot_run(name, device):
    """Only the built-in model on the processor has a graph; one sentence says so."""
    with pytest.raises(ConfigError, match="THREADBOT_BACKEND"):
        embedder_for(name, device, "onnx")


def test_onnxruntime_runs_in_one_process():
    """It is not silently run otherwise than it was asked to."""
    with pytest.raises(ConfigError, match="backend onnx-int8 runs in one process"):
        embedder_for(backend="onnx-int8", devices=("cpu", "cpu"))


@pytest.mark.slow
def test_backends_agree():
    """With onnxruntime come PyTorch's vectors, with eight bits nearly."""
    texts = ["为什么还在用软盘？", "Why are floppy disks still around?", "COBOL 程序员最抢手[捂脸]", "👍"]
    torch, onnx, small = (embedder_for(backend=b) for b in ("torch", "onnx", "onnx-int8"))
    expected = torch.passages(texts)
    assert (expected * onnx.passages(texts)).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (expected * small.passages(texts)).sum(axis=1).min() > 0.97
    assert onnx.question(texts[0]) == pytest.approx(onnx.passages(texts)[0], abs=1e-6)
