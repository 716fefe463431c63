# SPDX-License-Identifier: Apache-2.0
import os

import pytest

from unified_agent.documents import BadDocument
from unified_agent.nodes.parameter_files import given_to_many, sections


def test_every_form_of_a_nodes_name_is_read(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "/**: {ros__parameters: {a: 1}}\nleft: {policy: {ros__parameters: {b: {c: x}}}}\n/n: {ros__parameters: }"
    )
    assert sections(file) == [("/**", {"a": 1}), ("left/policy", {"b": {"c": "x"}}), ("/n", {})]
    assert given_to_many(["--params-file", str(file)]) == {"a"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[1]", "Expected a mapping"),
        ("policy: 3", "Expected a mapping in .*policy"),
        ("policy: {speed: 1}", "Expected a mapping in .*policy/speed"),
        ("policy: {ros__parameters: [1]}", "Expected a mapping"),
        ("policy: {ros__parameters: {1: 2}}", "Expected names"),
        ("policy: {ros__parameters: {a: [1, x]}}", "a list of one of these"),
        ("policy: {ros__parameters: {a: }}", "policy, a is None"),
        ("policy: {ros__parameters: {a: 99999999999999999999}}", "no whole number of 64 bits"),
        ("a: &a [*a]", "no YAML of plain values"),
        ("a: !!python/object/apply:os.system [x]", "no YAML of plain values"),
        ("\t", "no YAML"),
    ],
)
def test_what_is_no_parameter_file_is_told_as_what_it_is(tmp_path, text, why):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(BadDocument, match=why):
        sections(tmp_path / "mine.yaml")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "mine.yaml")
    with pytest.raises(BadDocument, match="no regular file"):
        sections(tmp_path / "mine.yaml")
