#include "gateway/hub/outbound_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "proto/base/bytes.h"

namespace {

using hub::Lane;
using hub::OutboundQueue;
using hub::QueuedMessage;
using hub::QueueLimits;

struct Shape {
  std::uint64_t id = 1;  // 0: not a push.
  std::size_t size = 8;  // Of the payload; 2 more in the frame.
  std::string key = {};
  std::uint64_t expires_ms = 0;
  bool fanout = false;
};

class OutboundQueueTest : public testing::Test {
 protected:
  ~OutboundQueueTest() override {
    while (QueuedMessage* entry = queue_.take_first()) pool_.give_back(entry);
  }
  static cross::MessageRef message(const Shape& shape) {
    return cross::Message::make({.id = {shape.id},
                                 .payload = std::string(shape.size, 'p'),
                                 .conflate_key = shape.key,
                                 .fanout = shape.fanout,
                                 .expires_ms = shape.expires_ms});
  }
  QueuedMessage* entry(const Shape& shape) {
    QueuedMessage* made = pool_.take();
    made->message = message(shape);
    made->lane = hub::lane_of(*made->message);
    return made;
  }
  QueuedMessage* control(std::uint8_t kind) {
    QueuedMessage* made = pool_.take();
    made->message = cross::Message::make_framed(dunlin::as_bytes("control"));
    made->lane = kind == 8 ? Lane::kClose : Lane::kControl;
    made->control_kind = kind;
    return made;
  }
  // Takes out all, in sending order.
  std::vector<QueuedMessage*> drained() {
    std::vector<QueuedMessage*> all;
    std::vector<QueuedMessage*> gathered(100);
    gathered.resize(queue_.gather(gathered));
    while (QueuedMessage* first = queue_.take_first()) {
      all.push_back(first);
      pool_.give_back(first);
    }
    EXPECT_EQ(all, gathered);
    return all;
  }

  hub::QueuedMessagePool pool_;
  OutboundQueue queue_;
};

TEST_F(OutboundQueueTest, ControlThenTargetedThenFanoutThenClose) {
  QueuedMessage* close = control(8);
  QueuedMessage* fanout = entry({.fanout = true});
  QueuedMessage* first = entry({});
  QueuedMessage* second = entry({});
  QueuedMessage* ping = control(9);
  for (auto* each : {close, fanout, first, second, ping}) queue_.append(each);
  EXPECT_EQ(queue_.messages(), 3U);  // Control frames do not count.
  EXPECT_EQ(queue_.size(), 30U);
  EXPECT_EQ(queue_.find_control(8), close);
  EXPECT_EQ(queue_.find_control(9), ping);
  EXPECT_EQ(queue_.find_control(10), nullptr);
  EXPECT_EQ(drained(), (std::vector{ping, first, second, fanout, close}));
  EXPECT_EQ(queue_.size(), 0U);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(OutboundQueueTest, AStartedFrameGoesFirstAndCannotBeTouched) {
  QueuedMessage* started = entry({.key = "k", .expires_ms = 5});
  queue_.append(started);
  queue_.start(3, 0);
  EXPECT_EQ(queue_.offset(), 3U);
  QueuedMessage* ping = control(9);
  queue_.append(ping);
  EXPECT_EQ(queue_.find_conflatable(*message({.key = "k"})), nullptr);
  EXPECT_EQ(queue_.take_expired(100), nullptr);
  EXPECT_EQ(queue_.next_expiry_ms(), 0U);
  EXPECT_EQ(queue_.take_oldest(), nullptr);
  EXPECT_EQ(queue_.take_oldest_push(), nullptr);
  queue_.start(7, 0);
  EXPECT_EQ(queue_.offset(), 7U);
  EXPECT_EQ(drained(), (std::vector{started, ping}));
  EXPECT_EQ(queue_.offset(), 0U);
}

TEST_F(OutboundQueueTest, OldestFanoutsGiveWayFirst) {
  QueuedMessage* targeted = entry({});
  QueuedMessage* old_fanout = entry({.fanout = true});
  QueuedMessage* new_fanout = entry({.fanout = true});
  for (auto* each : {targeted, old_fanout, new_fanout}) queue_.append(each);
  for (auto* expected : {old_fanout, new_fanout, targeted}) {
    EXPECT_EQ(queue_.take_oldest(), expected);
    pool_.give_back(expected);
  }
  EXPECT_EQ(queue_.take_oldest(), nullptr);
}

TEST_F(OutboundQueueTest, AnswersOfOurOwnDoNotGiveWayToPushes) {
  QueuedMessage* answer = entry({.id = 0});
  QueuedMessage* push = entry({});
  queue_.append(answer);
  queue_.append(push);
  EXPECT_EQ(queue_.take_oldest_push(), push);
  pool_.give_back(push);
  EXPECT_EQ(queue_.take_oldest_push(), nullptr);
  EXPECT_EQ(queue_.messages(), 1U);
}

TEST_F(OutboundQueueTest, Fits) {
  const QueueLimits limits{.size_max = 30, .messages_max = 3};
  EXPECT_TRUE(queue_.fits(1'000'000, limits));  // One message always does.
  EXPECT_TRUE(queue_.fits(31, {}));
  queue_.append(entry({}));  // 10 bytes.
  EXPECT_TRUE(queue_.fits(20, limits));
  EXPECT_FALSE(queue_.fits(21, limits));
  EXPECT_TRUE(queue_.could_fit(1'000'000, limits));  // After the other one has gone.
  queue_.append(entry({}));
  EXPECT_TRUE(queue_.fits(10, limits));
  queue_.append(entry({.size = 0}));
  EXPECT_FALSE(queue_.fits(1, limits));  // Three messages.
  EXPECT_TRUE(queue_.could_fit(1'000'000, limits));
  queue_.start(1, 0);
  EXPECT_TRUE(queue_.could_fit(20, limits));  // Beside the started one, which stays.
  EXPECT_FALSE(queue_.could_fit(21, limits));
}

TEST_F(OutboundQueueTest, ConflatesByKeyAndChannelWithinALane) {
  QueuedMessage* plain = entry({});
  QueuedMessage* keyed = entry({.key = "k"});
  QueuedMessage* fanout = entry({.key = "k", .fanout = true});
  QueuedMessage* news = entry({.key = "k", .fanout = true});
  news->message.unshared().set_position("news", 1);
  for (auto* each : {plain, keyed, fanout, news}) queue_.append(each);
  EXPECT_EQ(queue_.find_conflatable(*message({.key = "k"})), keyed);
  EXPECT_EQ(queue_.find_conflatable(*message({.key = "k", .fanout = true})), fanout);
  EXPECT_EQ(queue_.find_conflatable(*message({.key = "other"})), nullptr);
  EXPECT_EQ(queue_.find_conflatable(*message({})), nullptr);  // No key: like nothing else.
  auto more_news = message({.key = "k", .fanout = true});
  more_news.unshared().set_position("news", 2);
  EXPECT_EQ(queue_.find_conflatable(*more_news), news);

  EXPECT_TRUE(queue_.fits_instead(*keyed, 18, {.size_max = 48}));
  EXPECT_FALSE(queue_.fits_instead(*keyed, 19, {.size_max = 48}));
  queue_.replace(*keyed, message({.size = 18, .key = "k"}), cross::Encoding::kPlain, nullptr);
  EXPECT_EQ(queue_.size(), 50U);
  EXPECT_EQ(drained(), (std::vector{plain, keyed, fanout, news}));
}

TEST_F(OutboundQueueTest, ExpiryIsFoundAndItsTimeKnown) {
  QueuedMessage* late = entry({.expires_ms = 50});
  QueuedMessage* never = entry({});
  QueuedMessage* soon = entry({.expires_ms = 20, .fanout = true});
  for (auto* each : {late, never, soon}) queue_.append(each);
  EXPECT_EQ(queue_.next_expiry_ms(), 20U);
  EXPECT_EQ(queue_.take_expired(19), nullptr);
  EXPECT_EQ(queue_.take_expired(20), soon);
  pool_.give_back(soon);
  EXPECT_EQ(queue_.take_expired(20), nullptr);
  EXPECT_EQ(queue_.next_expiry_ms(), 50U);
  EXPECT_EQ(queue_.take_expired(1'000), late);
  pool_.give_back(late);
  EXPECT_EQ(queue_.take_expired(1'000), nullptr);
  EXPECT_EQ(queue_.next_expiry_ms(), 0U);
}

TEST_F(OutboundQueueTest, GathersNoMoreThanThereIsRoomFor) {
  for (int i = 0; i < 5; ++i) queue_.append(entry({}));
  queue_.start(1, 0);
  std::vector<QueuedMessage*> out(3);
  EXPECT_EQ(queue_.gather(out), 3U);
  EXPECT_EQ(queue_.gather({}), 0U);
}

TEST_F(OutboundQueueTest, WhatIsHeldIsStarted) {
  QueuedMessage* first = entry({.size = 10});
  QueuedMessage* second = entry({.size = 10, .fanout = true});
  QueuedMessage* third = entry({.size = 10, .fanout = true});
  for (auto* each : {first, second, third}) queue_.append(each);
  queue_.start(4, 9);  // Eight of the first one's bytes, and one of the second one's.
  EXPECT_EQ(queue_.offset(), 4U);
  QueuedMessage* ping = control(9);
  queue_.append(ping);
  EXPECT_EQ(queue_.take_oldest(), third);
  pool_.give_back(third);
  EXPECT_EQ(queue_.take_oldest(), nullptr);
  QueuedMessage* added = entry({});
  queue_.append_started(added, 0);
  EXPECT_EQ(drained(), (std::vector{first, second, added, ping}));
}

// The queue against a plain model: lists of pointers, everything found by looking at all of it.
class Model {
 public:
  std::deque<QueuedMessage*>& lane(Lane which) { return lanes_[static_cast<std::size_t>(which)]; }

  std::vector<QueuedMessage*> in_order() const {
    std::vector<QueuedMessage*> all;
    all.insert(all.end(), started.begin(), started.end());
    for (const auto& each : lanes_) all.insert(all.end(), each.begin(), each.end());
    return all;
  }
  void remove(QueuedMessage* entry) {
    std::erase(started, entry);
    for (auto& each : lanes_) std::erase(each, entry);
  }
  QueuedMessage* oldest(bool pushes_only) {
    for (const Lane which : {Lane::kFanout, Lane::kTargeted}) {
      for (QueuedMessage* entry : lane(which)) {
        if (!pushes_only || entry->message->is_push()) return entry;
      }
    }
    return nullptr;
  }
  QueuedMessage* conflatable(const cross::Message& message) {
    if (message.conflate_key().empty()) return nullptr;
    for (QueuedMessage* entry : lane(hub::lane_of(message))) {
      if (entry->message->conflate_key() == message.conflate_key()) return entry;
    }
    return nullptr;
  }
  std::uint64_t earliest_expiry() const {
    std::uint64_t earliest = 0;
    for (QueuedMessage* entry : in_order()) {
      const std::uint64_t expires = entry->message->expires_ms();
      if (is_started(entry) || expires == 0) continue;
      earliest = earliest == 0 ? expires : std::min(earliest, expires);
    }
    return earliest;
  }

  bool is_started(const QueuedMessage* entry) const {
    return std::ranges::find(started, entry) != started.end();
  }

  std::deque<QueuedMessage*> started;
  std::size_t offset = 0;

 private:
  std::array<std::deque<QueuedMessage*>, hub::kLanes> lanes_;
};

class QueueProperty : public OutboundQueueTest {
 protected:
  void step(std::mt19937& random);
  void check();
  void took(QueuedMessage* entry) {
    if (entry == nullptr) return;
    model_.remove(entry);
    pool_.give_back(entry);
  }
  Shape random_shape(std::mt19937& random) {
    return {.id = random() % 4 == 0 ? 0U : 1U,
            .size = random() % 200,
            .key = random() % 2 == 0 ? "" : std::string(1, static_cast<char>('a' + random() % 4)),
            .expires_ms = random() % 2 == 0 ? 0 : now_ms_ + random() % 50,
            .fanout = random() % 2 == 0};
  }
  Model model_;
  std::uint64_t now_ms_ = 1'000;
};

void QueueProperty::step(std::mt19937& random) {
  now_ms_ += random() % 5;
  switch (random() % 10) {
    case 0:
    case 1:
    case 2:
    case 3: {
      QueuedMessage* made = random() % 5 == 0 ? control(static_cast<std::uint8_t>(8 + random() % 3))
                                              : entry(random_shape(random));
      queue_.append(made);
      model_.lane(made->lane).push_back(made);
      break;
    }
    case 4: {
      const auto order = model_.in_order();
      QueuedMessage* first = queue_.take_first();
      ASSERT_EQ(first, order.empty() ? nullptr : order.front());
      if (model_.is_started(first)) model_.offset = 0;
      took(first);
      break;
    }
    case 5: {
      const bool pushes_only = random() % 2 == 0;
      QueuedMessage* expected = model_.oldest(pushes_only);
      ASSERT_EQ(pushes_only ? queue_.take_oldest_push() : queue_.take_oldest(), expected);
      took(expected);
      break;
    }
    case 6: {
      QueuedMessage* expired = queue_.take_expired(now_ms_);
      const std::uint64_t earliest = model_.earliest_expiry();
      ASSERT_EQ(expired != nullptr, earliest != 0 && earliest <= now_ms_);
      ASSERT_TRUE(expired == nullptr || expired->message->expires_ms() <= now_ms_);
      took(expired);
      break;
    }
    case 7: {
      const auto newer = message(random_shape(random));
      QueuedMessage* earlier = queue_.find_conflatable(*newer);
      ASSERT_EQ(earlier, model_.conflatable(*newer));
      if (earlier != nullptr) queue_.replace(*earlier, newer, cross::Encoding::kPlain, nullptr);
      break;
    }
    case 8: {
      const auto order = model_.in_order();
      if (order.empty()) break;
      std::size_t total = 0;
      for (const QueuedMessage* entry : order) total += entry->frame().size();
      const std::size_t held = random() % 3 == 0 ? random() % total : 0;
      model_.offset = 1;
      queue_.start(1, held);
      std::size_t begin = 0;
      for (QueuedMessage* entry : order) {
        if (begin < 1 + held && !model_.is_started(entry)) {
          model_.remove(entry);
          model_.started.push_back(entry);
        }
        begin += entry->frame().size();
      }
      break;
    }
    default: {
      auto order = model_.in_order();
      std::erase_if(order, [&](QueuedMessage* entry) { return model_.is_started(entry); });
      if (order.empty()) break;
      QueuedMessage* any = order[random() % order.size()];
      queue_.take(any);
      took(any);
    }
  }
}

void QueueProperty::check() {
  const auto order = model_.in_order();
  std::vector<QueuedMessage*> gathered(order.size() + 1);
  gathered.resize(queue_.gather(gathered));
  ASSERT_EQ(gathered, order);
  std::uint64_t size = 0;
  std::uint32_t messages = 0;
  std::uint64_t kept_size = 0;  // By started ones and answers.
  std::uint32_t kept = 0;
  for (QueuedMessage* entry : order) {
    if (!entry->is_data()) continue;
    size += entry->frame().size();
    ++messages;
    if (!model_.is_started(entry) && entry->message->is_push()) continue;
    kept_size += entry->frame().size();
    ++kept;
  }
  ASSERT_EQ(queue_.size(), size);
  ASSERT_EQ(queue_.messages(), messages);
  ASSERT_EQ(queue_.empty(), order.empty());
  ASSERT_EQ(queue_.offset(), model_.offset);
  const QueueLimits limits{.size_max = 500, .messages_max = 6};
  ASSERT_EQ(queue_.could_fit(100, limits), kept == 0 || (kept_size + 100 <= 500 && kept < 6));
  const std::uint64_t earliest = model_.earliest_expiry();
  ASSERT_EQ(queue_.next_expiry_ms() != 0, earliest != 0);
  ASSERT_LE(queue_.next_expiry_ms(), earliest);
}

TEST_F(QueueProperty, BehavesLikeTheModel) {
  for (std::uint32_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    for (int i = 0; i < 1'500; ++i) {
      step(random);
      if (!HasFatalFailure()) check();
      if (HasFatalFailure()) return;
    }
    while (QueuedMessage* first = queue_.take_first()) took(first);
    model_ = Model{};
    ASSERT_EQ(queue_.size(), 0U);
  }
}

}  // namespace
