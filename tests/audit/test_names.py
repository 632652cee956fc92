from __future__ import annotations

from tellapart.audit.names import natural, numbers, orders, stem


def test_numbers_sort_by_value() -> None:
    names = ["shot10", "shot9", "Shot2", "shot2b"]
    assert sorted(names, key=natural) == ["Shot2", "shot2b", "shot9", "shot10"]


def test_stem_and_numbers() -> None:
    assert stem("a/b.c/exp1_num_0042.jpg") == "exp1_num_0042"
    assert numbers("exp1_num_0042") == (1, 42)


def test_each_running_number_gives_an_order_across_folders() -> None:
    paths = tuple(f"{'ab'[i % 2]}/exp{i % 3}_num_{100 - 2 * i}.jpg" for i in range(30))
    found = list(orders(paths))
    assert [order.words for order in found] == [
        "their names",
        "number 2 in their names",
    ]  # the first counts conditions
    assert found[1].indices.tolist() == list(range(29, -1, -1))
    assert found[1].values is not None
    assert found[1].values.tolist() == sorted(100 - 2 * i for i in range(30))


def test_names_without_numbers_have_one_order() -> None:
    assert [order.indices.tolist() for order in orders(("x/b.png", "y/a.png"))] == [[1, 0]]


def test_hashes_are_no_running_numbers() -> None:
    paths = tuple(f"{i}a{i}b{i}c{i}d{i}.png" for i in range(40))
    assert len(list(orders(paths))) == 1
