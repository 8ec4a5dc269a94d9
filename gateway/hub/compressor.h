// Which messages go compressed to a member that agreed to permessage-deflate (RFC 7692), and how.
//
// Without server context takeover a message is compressed once for all receivers of all shards:
// cross::Message holds that form. With it, a message refers back to what this connection got
// before, so it is compressed for each connection, at the moment it goes to the kernel, because the
// order on the wire is what counts. What has to wait there goes in the shared form (it may be
// dropped, or overtaken), and the connection's context begins anew: a message may refer to nothing
// (7.2.1), and so may the first one after that.
//
// The gzip form, of clients with support_gzip=1, is made once for all, too.
//
// Compressing must not hold up anything else: a text longer than size_max goes plain, and so does
// every one after slice_size bytes of them in one turn of the shard. Where gzip was asked for it is
// what such a text is wrapped in, uncompressed: a client could not tell plain bytes from gzip.
//
// Owner: Delivery.   Thread: the shard's.   Bound: one ws::Deflater, and one for each connection
// with server context takeover that has been sent a compressed message, as long as there is room
// for it: without, it gets the shared form.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "gateway/cross/counters.h"
#include "gateway/cross/message.h"
#include "gateway/hub/member.h"
#include "proto/base/bytes.h"
#include "proto/ws/deflater.h"
#include "proto/ws/opcode.h"

namespace hub {

struct CompressionRules {
  ws::DeflateParameters parameters;
  std::uint32_t size_max = 64 << 10;     // Longer texts are not compressed.
  std::uint32_t slice_size = 256 << 10;  // Text compressed in one turn.
};

class Compressor {
 public:
  explicit Compressor(cross::Counters& counters);

  void configure(const CompressionRules& rules);
  // `context_room`: bytes that new contexts of connections may take up in this turn.
  void begin_turn(std::uint64_t context_room = ~std::uint64_t{0}) {
    slice_left_ = rules_.slice_size;
    context_room_ = context_room;
  }

  // `form` (the member's, uncompressed), or its compressed form, which is there then. `size_min`:
  // below it a payload stays as it is.
  [[nodiscard]] cross::Encoding shared_form(const Member& member, const cross::Message& message,
                                            cross::Encoding form, std::uint32_t size_min);

  // Makes the message's gzip form, unless it is there.
  void make_gzip(const cross::Message& message);

  // Context takeover only: whether the connection has a context, or may have one. If not, the
  // shared form is for it.
  [[nodiscard]] bool has_context_for(MemberIndex index, const Member& member) const {
    return contexts_.contains(index) ||
           ws::deflater_size(member.compression.window_bits) <= context_room_;
  }
  // Then: this connection's own compressed frame, to be sent before anything else
  // is sent to it. Null: it goes in its plain form.
  [[nodiscard]] cross::MessageRef own_form(MemberIndex index, const Member& member,
                                           const cross::Message& message, cross::Encoding form,
                                           std::uint32_t size_min);

  // The same for a text of ours. `waits`: it will not be the next thing sent. False: `out` is
  // unchanged, and the text goes plain.
  [[nodiscard]] bool append_answer(MemberIndex index, const Member& member, ws::Opcode opcode,
                                   dunlin::ConstBytes text, std::uint32_t size_min, bool waits,
                                   std::string& out);

  // What is sent to the member next refers to nothing before it.
  void forget(MemberIndex index);
  // The member is gone.
  void end(MemberIndex index);
  // Ends contexts of `size` bytes or a little more, of whichever members.
  void let_go_of_contexts(std::uint64_t size);
  [[nodiscard]] std::size_t context_size(MemberIndex index) const;

 private:
  [[nodiscard]] bool worth_trying(std::size_t size, std::uint32_t size_min);
  [[nodiscard]] ws::Deflater& shared();
  [[nodiscard]] ws::Deflater& context_of(MemberIndex index, const Member& member);
  void release(const ws::Deflater& context);
  void count(std::size_t size_before, std::size_t size_after);

  cross::Counters& counters_;
  CompressionRules rules_;
  std::uint64_t slice_left_ = 0;
  std::uint64_t context_room_ = 0;
  std::unique_ptr<ws::Deflater> shared_;  // Made on first need: most gateways never compress.
  boost::unordered_flat_map<MemberIndex, std::unique_ptr<ws::Deflater>> contexts_;
};

}  // namespace hub
