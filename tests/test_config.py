"""[tool.gradlint], the selection of rules, and what mistakes in them are told."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from gradlint import registry
from gradlint.command.config import KEYS, Config, Request, Settings, load
from gradlint.command.documentation import page, table
from gradlint.errors import GradlintError
from gradlint.rule import Bad, Good, Rule, Severity


class Stack(Rule):
    """One sentence.

    References:
        Somebody (1991).
    """

    code = "GRD101"
    name = "saturating-stack"
    summary = "saturating activations in a row"
    severity = Severity.ERROR
    examples = (
        Bad('body = "α", «nn.Sigmoid()»\n', "body = nn.ReLU()\n", "8x32"),
        Good("body = nn.ReLU()\n"),
        Good("body = nn.Tanh()\n", matches=True),
    )

    min_depth = 4
    max_decades = 5.0
    strict = False
    _private = 3

    def match(self, model):
        yield from ()

    def confirm(self, match, profile):
        raise NotImplementedError

    def rewrites(self, match, model):
        yield from ()


class Symmetric(Stack):
    """Another sentence."""

    code = "GRD301"
    name = "symmetric-init"
    severity = Severity.WARNING
    examples = ()


@pytest.fixture(autouse=True)
def rules(monkeypatch):
    found = (Stack(), Symmetric())
    monkeypatch.setattr(registry, "rules", lambda: found)
    return found


@pytest.fixture
def write(project):
    """Write pyproject.toml."""

    def write(text, path="pyproject.toml"):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text, encoding="utf-8")

    return write


def test_everything_that_can_be_said(write):
    write(
        """
        [tool.gradlint]
        select = ["GRD1", "symmetric-init"]
        ignore = ["GRD301"]
        seed = 3
        device = "cuda"
        timeout = 5
        memory = 2
        fail-on = "suspected"

        [[tool.gradlint.targets]]
        model = "src/net.py:make_resnet"
        input = "4x3x64x64"

        [[tool.gradlint.targets]]
        model = "src/net.py"

        [tool.gradlint.rules.saturating-stack]
        min-depth = 6
        max-decades = 4
        """
    )
    found = load()
    assert found.settings == Settings(
        seed=3,
        device="cuda",
        timeout=5.0,
        memory=2,
        select=("GRD1", "symmetric-init"),
        ignore=("GRD301",),
        fail_on="suspected",
        thresholds={"saturating-stack": {"min_depth": 6, "max_decades": 4}},
    )
    assert found.targets == (
        Request("src/net.py", ("make_resnet",), "4x3x64x64"),
        Request("src/net.py"),
    )


def test_no_configuration_is_the_defaults(project):
    assert load() == Config()


def test_the_nearest_table_counts_and_targets_are_relative_to_it(write, project, monkeypatch):
    write('[tool.gradlint]\nseed = 5\n[[tool.gradlint.targets]]\nmodel = "a/b/net.py:Net"\n')
    write("[project]\nname = 'inner'\n", "a/pyproject.toml")
    (project / "a/b").mkdir()
    monkeypatch.chdir(project / "a/b")
    found = load()
    assert found.settings.seed == 5
    assert found.targets == (Request("net.py", ("Net",)),)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("seeed = 1", "[tool.gradlint] has an unknown key 'seeed'", "did you mean 'seed'?"),
        ("seed = '1'", "[tool.gradlint] seed must be a whole number", "it is '1'"),
        ("seed = true", "[tool.gradlint] seed must be a whole number", "it is True"),
        ("timeout = 'long'", "[tool.gradlint] timeout must be a number", "it is 'long'"),
        ("timeout = 0", "timeout must be greater than 0", "leave it out for the default"),
        ("timeout = nan", "timeout must be greater than 0", "leave it out for the default"),
        ("memory = -1", "memory must be greater than 0", "leave it out for the default"),
        ("select = 'GRD1'", "[tool.gradlint] select must be a list", "it is 'GRD1'"),
        ("select = [1]", "each entry of [tool.gradlint] select must be a text", "it is 1"),
        ("select = ['GRD7']", "no rule is called 'GRD7'", "'gradlint rule' lists them"),
        ("ignore = ['']", "no rule is called ''", "'gradlint rule' lists them"),
        (
            "ignore = ['saturated-stack']",
            "no rule is called 'saturated-stack'",
            "did you mean 'saturating-stack'?",
        ),
        (
            "fail-on = 'suspect'",
            "[tool.gradlint] fail-on: no such level 'suspect'",
            "did you mean 'suspected'?",
        ),
        (
            "rules.symmetric-int.x = 1",
            "no rule is called 'symmetric-int'",
            "did you mean 'symmetric-init'?",
        ),
        (
            "rules.saturating-stack.x = 1",
            "[tool.gradlint.rules.saturating-stack] has an unknown key 'x'",
            "known are: max-decades, min-depth, severity, strict",
        ),
        (
            "rules.saturating-stack.min-depth = 1.5",
            "[tool.gradlint.rules.saturating-stack] min-depth must be a whole number",
            "it is 1.5",
        ),
        (
            "rules.saturating-stack.strict = 1",
            "[tool.gradlint.rules.saturating-stack] strict must be true or false",
            "it is 1",
        ),
        ("jobs = 0", "jobs must be greater than 0", "leave it out for the default"),
        (
            "exclude = ['']",
            "[tool.gradlint] exclude: '' is no pattern",
            'write it as in .gitignore: "old/"',
        ),
        (
            "respect-gitignore = 1",
            "[tool.gradlint] respect-gitignore must be true or false",
            "it is 1",
        ),
        (
            "per-file-ignores = {'a.py' = 'GRD1'}",
            "[tool.gradlint.per-file-ignores] 'a.py' must be a list",
            "it is 'GRD1'",
        ),
        (
            "per-file-ignores = {'a.py' = ['symmetric-int']}",
            "no rule is called 'symmetric-int'",
            "did you mean 'symmetric-init'?",
        ),
        ("extend-select = ['GRD7']", "no rule is called 'GRD7'", "'gradlint rule' lists them"),
        (
            "rules.saturating-stack.severity = 'warn'",
            "[tool.gradlint.rules.saturating-stack] severity: no such level 'warn'",
            "did you mean 'warning'?",
        ),
        ("rules.x = 1", "[tool.gradlint.rules] x must be a table", "it is 1"),
        (
            "targets = [1]",
            "each entry of [[tool.gradlint.targets]] must be a table",
            "it is 1",
        ),
        (
            "targets = [{model = 1}]",
            "[[tool.gradlint.targets]] model must be a text",
            "it is 1",
        ),
        (
            "targets = [{modle = 'a.py'}]",
            "[[tool.gradlint.targets]] has an unknown key 'modle'",
            "did you mean 'model'?",
        ),
        (
            "targets = [{input = '8x3'}]",
            "an entry of [[tool.gradlint.targets]] has no 'model'",
            'write model = "net.py:Net"',
        ),
    ],
)
def test_a_mistake_names_the_file_the_key_and_what_to_write(write, text, message, hint):
    write(f"[tool.gradlint]\n{text}\n")
    with pytest.raises(GradlintError) as raised:
        load()
    assert raised.value.message == f"pyproject.toml: {message}"
    assert raised.value.hint == hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.gradlint", "pyproject.toml: is not TOML: "),
        ("[tool]\ngradlint = 1", "pyproject.toml: tool.gradlint must be a table"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(write, text, message):
    write(text)
    with pytest.raises(GradlintError) as raised:
        load()
    assert raised.value.message.startswith(message)


def test_the_command_reads_it(write, gradlint):
    write('[tool.gradlint]\nseed = 5\nselect = ["GRD1"]\n')
    gradlint("model.py")
    assert (gradlint.settings.seed, gradlint.settings.select) == (5, ("GRD1",))


def test_the_command_line_wins(write, gradlint):
    write('[tool.gradlint]\nseed = 5\nselect = ["GRD1"]\nfail-on = "suspected"\n')
    gradlint("model.py", "--seed", "0", "--select", "GRD3,saturating-stack", "--select", "GRD301")
    settings = gradlint.settings
    assert (settings.seed, settings.fail_on) == (0, "suspected")
    assert settings.select == ("GRD3", "saturating-stack", "GRD301")


def test_isolated_reads_none(write, gradlint):
    write("[tool.gradlint]\nseed = true\n")
    assert gradlint("model.py", "--isolated")[0] == 0
    assert gradlint("model.py")[0] == 2


def test_another_file_may_be_named(write, gradlint):
    write("seed = 5\n", "ci/gradlint.toml")
    gradlint("model.py", "--config", "ci/gradlint.toml")
    assert gradlint.settings.seed == 5


def test_a_named_file_without_the_table_is_2(write, gradlint):
    write("[tool.other]\n", "other/pyproject.toml")
    status, _, err = gradlint("model.py", "--config", "other/pyproject.toml")
    assert status == 2
    assert "other/pyproject.toml: has no [tool.gradlint] table" in err


def test_in_a_folder_with_both_files_gradlint_toml_counts(write):
    write("[tool.gradlint]\nseed = 5\n")
    write("seed = 7\n", "gradlint.toml")
    assert load().settings.seed == 7


def test_a_nearer_pyproject_wins_over_a_further_gradlint_toml(write, project, monkeypatch):
    write("seed = 7\n", "gradlint.toml")
    write("[tool.gradlint]\nseed = 5\n", "inner/pyproject.toml")
    monkeypatch.chdir(project / "inner")
    assert load().settings.seed == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seeed = 1", "unknown key 'seeed'"),
        ("seed = '1'", "seed must be a whole number"),
        ("rules.saturating-stack.x = 1", "[rules.saturating-stack] has an unknown key 'x'"),
        ("[[targets]]\nmodel = 1", "[[targets]] model must be a text"),
        ("[tool.gradlint]", "is not pyproject.toml, and has a table 'tool'"),
    ],
)
def test_a_mistake_in_gradlint_toml_is_told_as_it_is_written(write, text, message):
    write(text, "gradlint.toml")
    with pytest.raises(GradlintError) as raised:
        load()
    assert raised.value.message == f"gradlint.toml: {message}"


def test_every_key_knows_where_its_value_is_from(write, gradlint):
    write('[tool.gradlint]\nseed = 5\nselect = ["GRD1"]\nextend-select = ["GRD3"]\n')
    found = load().overridden({"seed": 3, "select": (), "jobs": None, "extend_select": ("GRD9",)})
    told = {key: (value, origin) for key, value, origin in found.in_force()}
    assert set(told) == set(KEYS)
    assert told["seed"] == (3, "--seed")
    assert told["select"] == (("GRD1",), "pyproject.toml")
    assert told["extend-select"] == (("GRD3", "GRD9"), "--extend-select")
    assert told["jobs"] == (None, "default")


def test_a_rule_may_be_a_warning():
    settings = replace(Settings(), thresholds={"saturating-stack": {"severity": "warning"}})
    stack, _ = registry.active(settings)
    assert stack.severity is Severity.WARNING
    assert Stack.severity is Severity.ERROR
    assert registry.active(Settings())[0].severity is Severity.ERROR


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        ("legacy/net.py", ["GRD301"]),
        ("legacy/deep/net.py", ["GRD301"]),
        ("src/net.py", ["GRD101", "GRD301"]),
        ("src/old_net.py", []),
    ],
)
def test_a_rule_may_be_ignored_in_some_files(write, path, codes):
    write(
        """
        [tool.gradlint.per-file-ignores]
        "legacy/" = ["saturating-stack"]
        "old_*.py" = ["GRD1", "GRD3"]
        """
    )
    assert [rule.code for rule in registry.active(load().settings, path)] == codes


@pytest.mark.parametrize(
    ("select", "extend", "codes"),
    [
        ((), ("GRD301",), ["GRD101", "GRD301"]),
        (("GRD1",), ("GRD301",), ["GRD101", "GRD301"]),
        (("GRD1",), ("unused-suppression",), ["GRD101"]),
    ],
)
def test_a_selection_may_be_extended(select, extend, codes):
    settings = replace(Settings(), select=select, extend_select=extend)
    assert [rule.code for rule in registry.active(settings)] == codes


def test_the_rules_about_comments_are_selected_like_others():
    settings = replace(Settings(), ignore=("bare-suppression",))
    codes = [rule.code for rule in registry.in_force(settings)]
    assert codes == ["GRD101", "GRD301", "GRD901", "GRD902"]


def test_the_baseline_is_relative_to_its_file(write, project, monkeypatch):
    write('[tool.gradlint]\nbaseline = "ci/known.json"\n')
    (project / "src").mkdir()
    monkeypatch.chdir(project / "src")
    assert load().settings.baseline == str(project / "ci/known.json")


TARGETS = """
[[tool.gradlint.targets]]
model = "model.py:Net"
input = "8x32"
[[tool.gradlint.targets]]
model = "model.py:Other"
input = "8x32"
[[tool.gradlint.targets]]
model = "model.py:Third"
"""


@pytest.mark.parametrize(
    ("args", "requests"),
    [
        ((), [(("Net", "Other"), "8x32"), (("Third",), None)]),
        (("model.py",), [(("Net", "Other"), "8x32"), (("Third",), None)]),
        (("model.py:Net",), [(("Net",), "8x32")]),
        (("model.py:Net", "--input", "2x32"), [(("Net",), "2x32")]),
        (("model.py:New",), [(("New",), None)]),
    ],
)
def test_targets_stand_for_their_file(write, gradlint, args, requests):
    write(TARGETS)
    gradlint(*args)
    assert [(request.names, request.input) for request in gradlint.requests] == requests


def test_a_target_whose_file_is_missing_is_2(write, gradlint):
    write('[[tool.gradlint.targets]]\nmodel = "gone.py:Net"\n')
    status, _, err = gradlint()
    assert status == 2
    assert "gone.py: error: no such file or directory" in err


@pytest.mark.parametrize(
    ("select", "ignore", "codes"),
    [
        ((), (), ["GRD101", "GRD301"]),
        (("GRD",), (), ["GRD101", "GRD301"]),
        (("ALL",), ("GRD3",), ["GRD101"]),
        (("symmetric-init",), (), ["GRD301"]),
        (("grd1",), (), ["GRD101"]),
        ((), ("saturating-stack",), ["GRD301"]),
        (("GRD1",), ("GRD101",), []),
    ],
)
def test_selection(rules, select, ignore, codes):
    assert [rule.code for rule in registry.select(rules, select, ignore)] == codes


def test_thresholds_are_set_on_a_rule_of_the_run_only():
    settings = replace(Settings(), thresholds={"GRD101": {"min_depth": 6, "max_decades": 4}})
    stack, symmetric = registry.active(settings)
    assert (stack.min_depth, stack.max_decades, symmetric.min_depth) == (6, 4.0, 4)
    assert isinstance(stack.max_decades, float)
    assert Stack.min_depth == 4
    assert registry.active(Settings())[0].min_depth == 4


@pytest.mark.parametrize("word", ["saturating-stack", "GRD101", "grd101"])
def test_a_rule_is_found_by_name_and_by_code(word):
    assert registry.find_rule(word).code == "GRD101"


def test_the_page_of_a_rule(snapshot):
    snapshot("rule.txt", page(Stack()) + "\n")


def test_the_table_of_rules(rules):
    assert table(rules) == (
        "GRD101  saturating-stack  error    saturating activations in a row\n"
        "GRD301  symmetric-init    warning  saturating activations in a row"
    )


@pytest.fixture
def installed(monkeypatch):
    """Entry points of other packages, with the real search for rules."""
    monkeypatch.undo()
    monkeypatch.setattr(registry, "_own", lambda: [Stack])

    def install(*values):
        entries = [EntryPoint("theirs", value, registry.GROUP) for value in values]
        monkeypatch.setattr(registry, "entry_points", lambda group: entries)

    registry.rules.cache_clear()
    yield install
    registry.rules.cache_clear()


def plugin(monkeypatch, **names):
    module = ModuleType("theirs")
    for name, value in names.items():
        if isinstance(value, type) and value is not Symmetric:
            value.__module__ = "theirs"
        setattr(module, name, value)
    monkeypatch.setitem(sys.modules, "theirs", module)


@pytest.mark.parametrize("value", ["theirs", "theirs:Theirs"])
def test_another_package_may_bring_rules(installed, monkeypatch, value):
    theirs = type("Theirs", (Stack,), {"code": "ABC1", "name": "their-rule"})
    plugin(monkeypatch, Theirs=theirs, Symmetric=Symmetric)
    installed(value)
    assert [rule.code for rule in registry.rules()] == ["ABC1", "GRD101"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("theirs:Twin", "two rules are called GRD101: "),
        ("theirs:number", "theirs:number is not a rule"),
        ("nowhere", "the rule theirs cannot be loaded: No module named 'nowhere'"),
    ],
)
def test_what_another_package_brings_may_be_wrong(installed, monkeypatch, value, said):
    plugin(monkeypatch, Twin=type("Twin", (Stack,), {"name": "twin"}), number=5)
    installed(value)
    with pytest.raises(GradlintError, match=said):
        registry.rules()
