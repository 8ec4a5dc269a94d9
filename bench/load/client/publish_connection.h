// One connection over which a backend publishes, whatever the protocol: requests out, an answer for
// each in, in order.
//
// Owner: a source of load.   Thread: its worker's.   Bound: the implementation's.
#pragma once

#include <memory>
#include <string_view>

#include "bench/load/net/address.h"
#include "bench/load/net/event_loop.h"
#include "bench/load/options.h"
#include "bench/load/target/profile.h"

namespace load {

class PublishConnection {
 public:
  class Owner {
   public:
    // To the oldest unanswered request. Not accepted: none of its publications were.
    virtual void on_answer(PublishConnection& connection, bool accepted, std::string_view body) = 0;
    // The connection ended, or never was; unanswered requests stay unanswered. open() may be called
    // again, but not in this call.
    virtual void on_lost(PublishConnection& connection) = 0;

   protected:
    ~Owner() = default;
  };

  PublishConnection() = default;
  virtual ~PublishConnection() = default;
  PublishConnection(const PublishConnection&) = delete;
  PublishConnection& operator=(const PublishConnection&) = delete;

  [[nodiscard]] virtual bool open(const Address& target) = 0;
  [[nodiscard]] virtual bool is_open() const = 0;

  // A request is one publication, or of a batch several, and then its end. It leaves with the next
  // flush(), which comes by itself after answers were reported.
  virtual void add(const Template::Values& values) = 0;
  virtual void end_request() = 0;
  virtual void flush() = 0;

  // Nothing more will be added: an endless request ends. What is unanswered still is answered.
  virtual void finish() {}
};

// Of the profile's protocol; a batch form's is a stream if the options say so. `setup` outlives the
// connection, and so does `form`, one of its profile's.
std::unique_ptr<PublishConnection> make_publish_connection(EventLoop& loop,
                                                           PublishConnection::Owner& owner,
                                                           const Setup& setup,
                                                           const PublishForm& form);

}  // namespace load
