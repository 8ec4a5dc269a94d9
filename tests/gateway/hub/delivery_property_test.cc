// Random life: many members on wires that take what they like, every policy, and a watch on every
// push. In the end each receipt must say exactly what stands on the wires.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "gateway/hub/delivery.h"
#include "tests/gateway/hub/hub_world.h"

namespace {

using push::Policy;
using testing_support::expect_balanced;
using testing_support::Frame;
using testing_support::HubWorld;
using testing_support::kClose;
using testing_support::kPing;
using testing_support::kPong;
using testing_support::parse_frames;
using testing_support::Wire;

constexpr hub::QueueLimits kLimits{.size_max = 200, .messages_max = 6};

// Of a pushed message: "#1", and 400 bytes more in an envelope.
constexpr std::size_t kFrameMin = 4;
constexpr std::size_t kFrameMax = 500;

struct Pushed {
  push::Receipt receipt;
  cross::MessageRef message;
  hub::Watch* watch = nullptr;
  bool ordered = false;  // Without a key: nothing may stand in another one's place.
};

class RandomLife {
 public:
  explicit RandomLife(std::uint32_t seed) : random_(seed) {
    std::vector<hub::QueueRules> rules;
    for (const Policy policy : {Policy::kClose, Policy::kDropOldest, Policy::kDropNewest}) {
      rules.push_back({.limits = kLimits, .overflow = policy, .deflate_size_min = 20});
    }
    world_.set_rules(std::move(rules));
    // Two windows, and a turn's share that is used up now and then.
    world_.hub.delivery().set_compression(
        {.parameters = {.level = 1, .window_bits = 12}, .size_max = 350, .slice_size = 300});
    for (int i = 0; i < 6; ++i) join();
  }

  void step() {
    now_ms_ += below(4);
    world_.hub.delivery().set_now(now_ms_);
    if (below(4) == 0) world_.hub.delivery().begin_turn();
    if (below(3) == 0) {
      push();
    } else {
      disturb(members_[below(members_.size())]);
    }
    if (below(2) == 0) world_.hub.delivery().flush();
    check_bounds();
  }

  void finish() {
    world_.hub.delivery().flush();
    for (const hub::MemberIndex member : members_) {
      world_.unblock(member);
      if (!world_.wire(member).broken) {
        EXPECT_EQ(parse_frames(world_.wire(member).bytes).torn, 0U);
        EXPECT_EQ(world_.hub.members()[member].queue, nullptr);
      }
    }
    while (!members_.empty()) end(members_.back());
    check_receipts();
    check_counters();
    for (const auto& pushed : pushes_) world_.hub.watches().let_go(pushed->watch);
  }

 private:
  std::uint32_t below(std::size_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

  void join() {
    members_.push_back(world_.join({.uid = "u" + std::to_string(below(3)),
                                    .encoding = static_cast<cross::Encoding>(below(2) * 2),
                                    .compression = random_compression(),
                                    .profile = static_cast<std::uint16_t>(below(3))}));
    world_.block(members_.back(), below(100));
    if (below(2) == 0) world_.wire(members_.back()).record_size = 1 + below(300);
  }

  hub::Compression random_compression() {
    hub::Compression compression;
    if (below(3) == 0) return compression;
    compression.window_bits = below(2) == 0 ? 12 : 9;
    compression.context_takeover = below(2) == 0;
    return compression;
  }

  void push() {
    auto pushed = std::make_unique<Pushed>();
    const std::string key = below(2) == 0 ? "" : std::string(1, static_cast<char>('a' + below(3)));
    pushed->ordered = key.empty();
    const std::string payload = "#" + std::to_string(world_.serial + 1) +
                                std::string(below(20) == 0 ? 400 : below(60), '.');
    pushed->message = world_.message({.payload = payload,
                                      .conflate_key = key,
                                      .policy = static_cast<Policy>(below(5)),
                                      .fanout = below(2) == 0,
                                      .expires_ms = below(3) == 0 ? now_ms_ + below(30) : 0});
    pushed->watch =
        world_.hub.watches().open(pushed->receipt, nullptr, pushed->message->id(), below(2) == 0);
    const std::string uid = "u" + std::to_string(below(3));
    world_.hub.push_to_uid(uid, cross::hash_of(uid), pushed->message, pushed->receipt,
                           pushed->watch);
    pushes_.push_back(std::move(pushed));
  }

  void disturb(hub::MemberIndex member) {
    Wire& wire = world_.wire(member);
    switch (below(12)) {
      case 0:
        wire.room = below(300);
        break;
      case 1:
        wire.room = Wire::kAnySize;
        break;
      case 2:
      case 3:
      case 4:
        world_.hub.delivery().on_writable(member);
        break;
      case 5:
        world_.control(member, kPing, "ping");
        break;
      case 6:
        world_.control(member, kPong, std::string(below(125), 'o'));
        break;
      case 7:
        world_.answer(member, "answer" + std::string(below(80), '_'));
        break;
      case 8:
        world_.hub.delivery().expire(member);
        break;
      case 9:
        acknowledge(member);
        break;
      case 10:
        if (below(8) == 0) wire.broken = true;
        if (below(8) == 0) world_.hub.delivery().discard_waiting(member, cross::DropCause::kEnded);
        if (below(8) == 0) world_.control(member, kClose, "bye");
        break;
      default:
        if (below(6) != 0) break;
        end(member);
        join();
    }
  }

  void acknowledge(hub::MemberIndex member) {
    if (pushes_.empty()) return;
    world_.hub.watches().acknowledge(pushes_[below(pushes_.size())]->message->id(),
                                     world_.hub.members().id_of(member));
  }

  void end(hub::MemberIndex member) {
    read_wire(member);
    std::erase(members_, member);
    world_.leave(member);
  }

  // Counts the pushes that stand on the wire, and looks at their order.
  void read_wire(hub::MemberIndex member) {
    std::map<bool, std::uint64_t> last;  // By lane.
    std::set<std::uint64_t> seen;
    bool closed = false;
    for (const Frame& frame : world_.frames(member)) {
      compressed_ += frame.compressed ? 1 : 0;
      EXPECT_FALSE(closed && frame.opcode < 8) << "data after the Close frame";
      closed = closed || frame.opcode == kClose;
      const std::size_t mark = frame.payload.find('#');
      if (frame.opcode >= 8 || mark == std::string::npos) continue;
      const std::uint64_t serial = std::stoull(frame.payload.substr(mark + 1));
      EXPECT_TRUE(seen.insert(serial).second) << "twice";
      ++written_[serial];
      const Pushed& pushed = *pushes_.at(serial - 1);
      if (!pushed.ordered) continue;
      std::uint64_t& previous = last[pushed.message->fanout()];
      EXPECT_LT(previous, serial) << "out of order";
      previous = serial;
    }
  }

  void check_bounds() {
    for (const hub::MemberIndex member : members_) {
      const hub::OutboundQueue* queue = world_.hub.members()[member].queue;
      if (queue == nullptr) continue;
      // What is held may be several messages at once, and counts until it has left.
      const std::size_t held = world_.wire(member).held.size();
      const std::size_t held_size = held == 0 ? 0 : held + kFrameMax;
      ASSERT_TRUE(queue->size() <= kLimits.size_max + held_size || queue->messages() == 1)
          << queue->size();
      ASSERT_LE(queue->messages(), kLimits.messages_max + held / kFrameMin);
    }
  }

  void check_receipts() {
    for (const auto& pushed : pushes_) {
      expect_balanced(pushed->receipt);
      EXPECT_TRUE(hub::Watches::done(*pushed->watch));
      EXPECT_EQ(pushed->receipt.queued, 0U);
      EXPECT_EQ(pushed->receipt.written, written_[pushed->message->id().value]);
      EXPECT_LE(pushed->receipt.acked, pushed->receipt.matched);
    }
  }

  void check_counters() {
    push::Receipt sum;
    for (const auto& pushed : pushes_) sum += pushed->receipt;
    std::uint64_t drops = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(cross::DropCause::kCount); ++i) {
      drops += world_.counters.drops[static_cast<cross::DropCause>(i)].value();
    }
    EXPECT_GT(compressed_, 0U);
    EXPECT_EQ(world_.counters.matched.value(), sum.matched);
    EXPECT_EQ(world_.counters.written.value(), sum.written);
    EXPECT_EQ(drops, sum.dropped);
    EXPECT_EQ(world_.counters.conflated.value(), sum.conflated);
    EXPECT_EQ(world_.counters.queue_bytes.value(), 0U);
    EXPECT_EQ(world_.counters.queue_messages.value(), 0U);
  }

  HubWorld world_;
  std::uint64_t compressed_ = 0;
  std::mt19937 random_;
  std::uint64_t now_ms_ = 1'000;
  std::vector<hub::MemberIndex> members_;
  std::vector<std::unique_ptr<Pushed>> pushes_;
  std::map<std::uint64_t, std::uint32_t> written_;  // By serial: wires on which it stands.
};

TEST(DeliveryProperty, ReceiptsSayWhatStandsOnTheWires) {
  for (std::uint32_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    RandomLife life(seed);
    for (int i = 0; i < 600; ++i) life.step();
    life.finish();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
