"""What only one replica may have: its share of a group."""

import asyncio


async def test_shares_are_even_and_nobodys_twice(join, die):
    rivals = [await join() for _ in range(3)]
    for _ in range(2):
        shares = [await replica.share("discord", 8) for replica in rivals]
    assert sorted(len(share) for share in shares) == [2, 3, 3]
    assert sorted(number for share in shares for number in share) == list(range(8))

    await die(rivals[0])
    for _ in range(2):
        shares = [await replica.share("discord", 8) for replica in rivals[1:]]
    assert [len(share) for share in shares] == [4, 4]
    assert sorted(number for share in shares for number in share) == list(range(8))
    assert await rivals[0].share("discord", 8) == frozenset()


async def test_whoever_has_no_lease_has_no_share(join, die):
    replica = await join()
    assert await replica.share("lead", 1) == {0}
    await die(replica)
    assert await replica.share("lead", 1) == frozenset()


async def test_shares_that_are_asked_for_at_once_are_nobodys_twice(join):
    rivals = [await join() for _ in range(6)]
    for group in range(5):
        asked = await asyncio.gather(*(replica.share(f"{group}", 10) for replica in rivals))
        given = [number for share in asked for number in share]
        assert len(given) == len(set(given))


async def test_a_share_of_one_has_one_holder_and_moves_when_it_is_gone(join):
    first, second = await join(), await join()
    assert await first.share("lead", 1) == {0}
    assert await second.share("lead", 1) == frozenset()
    await first.leave()
    assert await second.share("lead", 1) == {0}
