"""Everything that can go wrong at once, and exact accounting at the end: every push that was accepted is
written, dropped for a cause, replaced or told to be offline; whoever behaved got each message once and in
order; and when all have left, the gateway is as it was.

DUNLIN_CHAOS_SECONDS says how long each run lasts (10), DUNLIN_CHAOS_SEED makes the actors choose alike (what
the scheduler does is its own affair). The seed is printed when a run fails.
"""

import collections
import contextlib
import os
import random
import resource
import signal
import sys
import threading
import time
import traceback

import pytest

from harness.api import Api, check_receipt
from harness.chaos import (CONFIG, RETRIED, SETTINGS, STEADY, VANISHED, Crowd, Hands, Ledger, Publisher, Recoverer,
                           Retrier, Unsteady, Vanisher, Witness)
from harness.clients import ProtocolClient, plain_user
from harness.gateway import PATIENCE, Gateway
from harness.raw import Closed
from test_metrics import samples, total

pytestmark = pytest.mark.plain_tcp  # Its clients speak TCP themselves.

SECONDS = float(os.environ.get("DUNLIN_CHAOS_SECONDS", "10"))
SEED = int(os.environ.get("DUNLIN_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
SANITIZED = "san" in os.environ.get("DUNLIN_BIN", "")
DESCRIPTORS = 110  # Of the gateway: fewer than the crowd wants.
GAUGES = ("connections", "handshaking", "users", "subscriptions", "queue_bytes", "queue_messages", "fanouts_waiting",
          "ring_depth")


def at_work(stop, seconds, actors):
    """Runs all until the time is over; whatever one raises is raised here."""
    errors = []

    def guarded(actor):
        try:
            actor.run(stop)
        except BaseException as error:  # pylint: disable=broad-except  # Raised below.
            errors.append(error)
            stop.set()

    threads = [threading.Thread(target=guarded, args=(actor,), daemon=True) for actor in actors]
    for thread in threads:
        thread.start()
    stop.wait(seconds)
    stop.set()
    deadline = time.monotonic() + 3 * PATIENCE
    for thread, actor in zip(threads, actors):
        thread.join(max(0, deadline - time.monotonic()))
        if thread.is_alive():
            stack = "".join(traceback.format_stack(sys._current_frames()[thread.ident]))
            raise AssertionError(f"{type(actor).__name__} does not come to an end:\n{stack}")
    if errors:
        raise errors[0]


def descriptors_of(gateway):
    return len(os.listdir(f"/proc/{gateway.pid}/fd"))


def resident(gateway):
    with open(f"/proc/{gateway.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS"))


def gauges(api):
    found = samples(api)
    return {name: total(found, rf"^dunlin_{name}\{{") for name in GAUGES}


def settled(api, connections):
    now = gauges(api)
    return now["connections"] == connections and not any(
        now[name] for name in ("handshaking", "queue_bytes", "queue_messages", "fanouts_waiting"))


def check_order(witness):
    """Of one publisher, what travels in the same lane keeps its order."""
    last = collections.defaultdict(int)
    for number, lane in witness:
        publisher = number // 10_000_000, lane
        assert number > last[publisher], f"{number} came after {last[publisher]}"
        last[publisher] = number


def lane_of(push):
    return "all" if "all" in push.fields else push.fields.get("channel", "targeted")


def check_witnesses(ledger, witnesses):
    """Each got every push for it that was accepted, once, in order, and nothing else."""
    for witness in witnesses:
        assert witness.error is None, (witness.uid, witness.error)
        channels = {witness.channel} if witness.channel else set()
        ledger.settle(witness.uid, witness.path, channels, witness.numbers)
        # Who vanished used a connection for each push: which is read first nobody has promised.
        check_order((number, lane_of(ledger.pushes[number])) for number in witness.numbers
                    if ledger.pushes[number].fields.get("uid") != VANISHED)
        expected = {push.number for push in ledger.answered() if push.is_for(witness.uid, witness.path, channels)}
        if witness.uid == VANISHED:
            continue  # Nobody knows which were accepted but itself.
        got = set(witness.numbers)
        assert got == expected, f"{witness.uid}: missing {sorted(expected - got)[:9]}, unexpected {sorted(got - expected)[:9]}"
        stored = [offset for offset in witness.offsets if offset]
        assert stored == list(range(1, len(stored) + 1)), "a publication is missing between two offsets"
    twins = [witness.numbers for witness in witnesses if witness.uid == STEADY[0]]
    targeted = [[n for n in numbers if lane_of(ledger.pushes[n]) == "targeted"] for numbers in twins]
    assert len(twins) == 2 and targeted[0] == targeted[1], "two connections of one uid saw different orders"


def check_sums(ledger, witnesses, found, fences, subscribers_change):
    """What the gateway counted is what it told, and what it told is what happened."""
    answered = ledger.answered()
    vanished = sum(ledger.received[push.number] for push in ledger.pushes.values() if push.fields.get("uid") == VANISHED)
    connections_of = collections.Counter(witness.uid for witness in witnesses)
    told = collections.Counter()
    for push in answered:
        if push.receipt is None:  # 202, to one who is always there.
            told["matched"] += connections_of[push.fields["uid"]]
            continue
        told.update({key: push.receipt[key] for key in ("matched", "dropped")})
        told["offline"] += len(push.receipt["offline"])
    told["matched"] += vanished + sum(receipt["matched"] for receipt in fences)

    counted = {kind: total(found, rf'^dunlin_receipts_total\{{kind="{kind}"') for kind in
               ("matched", "written", "conflated", "offline")}
    dropped = total(found, r"^dunlin_drops_total\{") - total(found, r'^dunlin_drops_total\{cause="ring_full"')
    assert vanished > 0, "no push of a caller that vanished was ever accepted"
    assert total(found, r"^dunlin_pushes_total\{") == len(answered) + vanished + len(fences)
    assert total(found, r"^dunlin_pushes_refused_total\{") >= sum(push.status == 503 for push in ledger.pushes.values())
    assert counted["offline"] == told["offline"]
    if subscribers_change:  # What is recovered is in no receipt.
        assert counted["matched"] >= told["matched"]
    else:
        assert counted["matched"] == told["matched"]
    assert counted["matched"] == counted["written"] + dropped + counted["conflated"], (counted, dropped)
    assert dropped >= told["dropped"]
    assert counted["written"] >= sum(ledger.received.values()), "more was received than was ever written"
    for push in answered:
        if push.receipt is not None and not (subscribers_change and "channel" in push.fields):
            assert ledger.received[push.number] <= push.receipt["matched"] - push.receipt["dropped"], push
    return counted | {"dropped": dropped}


@pytest.mark.parametrize("shards, subscribers_change", [(2, False), (3, True)], ids=["2shards", "3shards-recovery"])
def test_chaos(shards, subscribers_change):
    print(f"DUNLIN_CHAOS_SEED={SEED}")
    low = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    with Gateway(config=CONFIG.format(**SETTINGS), shards=shards, preexec=low) as gateway:
        api = Api(gateway.api)
        with ProtocolClient(gateway, "first", "/steady-live") as client:  # So that the channel is there from the start.
            client.subscribe("news")
            client.end()
        api.await_true(lambda: settled(api, 0), "not at rest before the start")
        before, descriptors, memory = gauges(api), descriptors_of(gateway), resident(gateway)

        ledger = Ledger()
        witnesses = [Witness(gateway, api, uid, "/steady") for uid in STEADY]
        witnesses.append(Witness(gateway, api, STEADY[0], "/steady", connections=2))
        witnesses += [Witness(gateway, api, uid, "/steady-live") for uid in (VANISHED, RETRIED)]
        witnesses += [Witness(gateway, api, f"reader{n}", "/steady-live", channel="news") for n in range(2)]

        retrier, hands = Retrier(gateway, ledger, SEED), Hands(gateway, SEED)
        recoverer = Recoverer(gateway, ledger, SEED)
        actors = [*(Publisher(gateway, ledger, index, SEED) for index in range(3)), Vanisher(gateway, ledger, SEED),
                  retrier, hands, Crowd(gateway, DESCRIPTORS + 50, SEED),
                  *(Unsteady(gateway, ledger, index, SEED, subscribers_change) for index in range(6))]
        at_work(threading.Event(), SECONDS, actors + ([recoverer] if subscribers_change else []))

        api.await_true(lambda: settled(api, len(witnesses)), f"not at rest: {gauges(api)}")
        fences = [api.pushed(uid=uid, data={"fence": 1}) for uid in {witness.uid for witness in witnesses}]
        for witness in witnesses:
            witness.join()
        check_witnesses(ledger, witnesses)
        counted = check_sums(ledger, witnesses, samples(api), fences, subscribers_change)
        assert not ledger.faults, ledger.faults[:10]
        print(f"{len(ledger.pushes)} pushes, {counted}, {sum(ledger.received.values())} received, "
              f"{hands.reloads} reloads, {hands.stops} stops, {retrier.done} retried, {recoverer.recoveries} recovered")
        assert counted["written"] > 500 and counted["dropped"] > 0 and retrier.done > 0 and hands.reloads > 0

        for witness in witnesses:
            witness.leave()
        api.await_true(lambda: settled(api, 0), f"somebody is still there: {gauges(api)}")
        api.await_true(lambda: gauges(api) == before, f"gauges: {before}, now {gauges(api)}")
        api.await_true(lambda: descriptors_of(gateway) <= descriptors, f"descriptors: {descriptors}, now {descriptors_of(gateway)}")
        assert resident(gateway) - memory < (400 << 20 if SANITIZED else 40 << 20)
        api.close()


def test_killed_and_started_again():
    """SIGKILL: what was answered `written` has arrived, and nothing that nobody sent; a new process on the same
    address serves the same clients, and does not pretend to remember."""
    print(f"DUNLIN_CHAOS_SEED={SEED}")
    chooser = random.Random(SEED)
    killed = Gateway(shards=2).start()
    api = Api(killed.api)
    clients = {uid: plain_user(killed, api, uid) for uid in STEADY}
    subscriber = ProtocolClient(killed, "subscriber")
    position = subscriber.subscribe("news")
    api.pushed(channel="news", data={"n": 1})
    position = {"epoch": position["epoch"], "offset": subscriber.push()["offset"]}
    written, unanswered, received = collections.defaultdict(list), set(), collections.defaultdict(list)

    def publish(index):
        own, choose = Api(killed.api), random.Random(f"{SEED}-{index}")
        for number in range(index * 1_000_000, (index + 1) * 1_000_000):
            uid = choose.choice(STEADY)
            try:
                answer = own.push(uid=uid, data=number, wait="written")
            except Exception:  # pylint: disable=broad-except  # The gateway is gone: however that shows.
                unanswered.add(number)
                return
            assert answer.status == 200 and answer.json["written"] == 1, answer.body
            check_receipt(answer.json)
            written[uid].append(number)

    def read(uid, client):
        with contextlib.suppress(Closed):
            while True:
                received[uid].append(client.json())

    threads = [threading.Thread(target=publish, args=(index,)) for index in range(1, 4)]
    threads += [threading.Thread(target=read, args=item) for item in clients.items()]
    for thread in threads:
        thread.start()
    time.sleep(chooser.uniform(0.3, 2))  # The moment of the crash.
    killed.kill()
    for thread in threads:
        thread.join()
    assert len(unanswered) <= 3 and sum(map(len, written.values())) > 10
    for uid in STEADY:
        assert len(set(received[uid])) == len(received[uid]), "something came twice"
        assert set(written[uid]) <= set(received[uid]) <= set(written[uid]) | unanswered
        for publisher in (1, 2, 3):
            of_one = [number for number in received[uid] if number // 1_000_000 == publisher]
            assert of_one == sorted(of_one)

    address = [f"{host}:{port}" for host, port in (killed.public, killed.api)]
    with Gateway(shards=2, listen=address[0], api=address[1]) as gateway:
        api = Api(gateway.api)
        for uid in STEADY:
            with plain_user(gateway, api, uid) as client:
                assert api.pushed(uid=uid, data="again")["written"] == 1
                assert client.json() == "again"
        with ProtocolClient(gateway, "subscriber") as client:
            answer = client.subscribe("news", recover=position)
            assert answer["recovered"] is False and answer["epoch"] != position["epoch"]
            api.pushed(channel="news", data="again")
            assert client.push()["data"] == "again"
        api.close()
