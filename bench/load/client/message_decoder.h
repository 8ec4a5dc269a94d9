// Finds the publications in the messages of one client's WebSocket connection. Mostly a message is
// a publication; some servers wrap theirs into a protocol of their own.
//
// Owner: a ClientSet's member.   Thread: its worker's.   Bound: the protocol's.
#pragma once

#include <memory>
#include <string_view>

#include "bench/load/target/profile.h"

namespace load {

class MessageDecoder {
 public:
  class Sink {
   public:
    virtual void on_publication(std::string_view payload) = 0;
    // The server wants this message from the client.
    virtual void on_reply(std::string_view message) = 0;

   protected:
    ~Sink() = default;
  };

  MessageDecoder() = default;
  virtual ~MessageDecoder() = default;
  MessageDecoder(const MessageDecoder&) = delete;
  MessageDecoder& operator=(const MessageDecoder&) = delete;

  // False: the server broke its protocol, or reports an error; the connection is of no more use.
  [[nodiscard]] virtual bool decode(std::string_view message, Sink& sink) = 0;
};

std::unique_ptr<MessageDecoder> make_message_decoder(Protocol protocol);

}  // namespace load
