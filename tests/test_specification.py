from __future__ import annotations

import pytest

from gradlint.errors import GradlintError
from gradlint.feeding.specification import Shape, parse_shapes, specification

READ = {
    "8x3x32x32": (Shape((8, 3, 32, 32)),),
    "8": (Shape((8,)),),
    "8x128:int64<30000": (Shape((8, 128), "int64", 30000),),
    "8x128<30000": (Shape((8, 128), "int64", 30000),),
    "8x16:long": (Shape((8, 16), "int64"),),
    "8x5:double": (Shape((8, 5), "float64"),),
    "ids=8x128:int64<99": (Shape((8, 128), "int64", 99, "ids"),),
    "8x4, x=8x32; mask=8x32:bool": (
        Shape((8, 4)),
        Shape((8, 32), name="x"),
        Shape((8, 32), "bool", None, "mask"),
    ),
}


@pytest.mark.parametrize(("text", "shapes"), READ.items())
def test_a_specification_is_read_and_written_back(text, shapes):
    assert parse_shapes(text) == shapes
    assert parse_shapes(",".join(map(str, shapes))) == shapes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("8x", "cannot read the input '8x'"),
        ("(8, 3)", "cannot read"),
        ("8x0", "dimension of 0"),
        ("8x3:int7", "unknown type 'int7'"),
        ("8x3:bool<4", "only integers can be bounded"),
        ("8x3:int64<0", "no integer below 0"),
        ("x=8x3,8x3", "without a name follows"),
        ("x=8,x=9", "'x' is given twice"),
    ],
)
def test_what_cannot_be_read_is_told_with_a_hint(text, reason):
    with pytest.raises(GradlintError) as error:
        parse_shapes(text)
    assert reason in error.value.message
    assert error.value.hint


def test_a_specification_is_quoted_where_a_shell_needs_it():
    assert specification((Shape((8, 3)),)) == "8x3"
    assert specification((Shape((8, 3), "int64", 9),)) == "'8x3:int64<9'"
