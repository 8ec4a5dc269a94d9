// The one immutable configuration of a running gateway: plain values, defaults here, every bound a
// setting. Read from TOML, environment and flags by gateway/config/loader.h; documented key by key
// in deploy/dunlin.reference.toml.
//
// Owner: shared_ptr<const Config>, one snapshot for all shards; a reload publishes a new one.
// Thread: any (immutable). Units stand in the names: *_ms milliseconds, *_size/_bytes bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace auth {
class KeySet;
}

namespace config {

// Where a public connection's uid comes from.
enum class IdentitySource : std::uint8_t {
  kNone,     // The connection has no uid; only its id, channels and "all" reach it.
  kQuery,    // The query parameter `uid_param`, at the handshake.
  kMessage,  // The first text message: {"uid":"…"}.
};

// What makes a uid believed.
enum class AuthMode : std::uint8_t {
  kNone,   // The client's word: for trusted networks and development.
  kToken,  // A signed token (JWT), whose claim names the uid; see gateway/auth.
};

// What happens to a data message from the client.
enum class MessageAction : std::uint8_t {
  kDiscard,
  kEcho,
  kBroadcast,  // Published to the profile's room.
  kProtocol,   // The dunlin.v1 client protocol.
};

// What gives way when a connection's outbound queue is full.
enum class QueueOverflow : std::uint8_t { kClose, kDropOldest, kDropNewest };

// Which connection gives way when a uid has more than `connections_per_uid_max`.
enum class OnExcess : std::uint8_t { kKickOld, kRejectNew };

// Whether permessage-deflate is agreed to when a client offers it.
enum class CompressionMode : std::uint8_t { kOff, kOn };

// What becomes of a client that sends more than its profile's rates allow.
enum class RateOverflow : std::uint8_t { kPause, kClose };

// A public path and how connections to it behave.
struct Profile {
  std::string name;  // The table's name: [profiles.NAME]; a label in metrics and API.
  std::string path;  // Exact request path, starts with '/'.

  IdentitySource identity = IdentitySource::kNone;
  AuthMode auth = AuthMode::kNone;
  std::string token_param = "token";        // With AuthMode::kToken; empty: not in the query.
  std::string uid_param = "uid";            // With kQuery.
  std::uint32_t login_timeout_ms = 10'000;  // With kMessage: from the 101 to the login.

  MessageAction on_text = MessageAction::kDiscard;
  MessageAction on_binary = MessageAction::kDiscard;
  bool answer_ping = false;           // A text message "ping" is answered with "pong".
  bool normalize_space = false;       // With kBroadcast: trims, and newlines become spaces.
  std::string room;                   // With kBroadcast: channel published to; always subscribed.
  std::vector<std::string> channels;  // Further channels that every connection is subscribed to.
  bool client_subscribe = false;      // dunlin.v1 clients may subscribe by themselves…
  std::vector<std::string> client_channels = {"*"};  // …to these; a trailing '*' is a prefix.
  std::uint32_t subscriptions_max = 100;             // Per connection.

  std::uint32_t connections_per_uid_max = 100;  // 0: any number. Counts where there are uids.
  OnExcess on_excess = OnExcess::kKickOld;

  std::uint32_t ping_interval_ms = 25'000;  // Protocol ping; 0: none.
  std::uint32_t pong_timeout_ms = 10'000;
  std::uint32_t ping_jitter_percent = 20;
  std::string heartbeat_text;  // Sent as a text message; empty: none.
  std::uint32_t heartbeat_interval_ms = 1'000;
  std::uint32_t idle_timeout_ms = 0;  // Closes when the client sends nothing; 0: never.

  std::string gzip_param;  // Query parameter that asks for gzip payloads; empty: none.
  CompressionMode compression = CompressionMode::kOff;
  std::uint32_t deflate_size_min = 512;         // Payloads below this are sent as they are.
  bool server_context_takeover = false;         // Compresses for each connection by itself.
  bool client_context_takeover = false;         // Keeps the end of what each client has sent.
  std::uint32_t client_window_bits = 15;        // How much of it; for clients that can be told.
  std::vector<std::string> origins = {"same"};  // "same", "any", or exact origins.

  std::uint64_t message_size_max = 1 << 20;
  std::uint32_t queue_size_max = 1 << 20;    // Bytes waiting for one connection.
  std::uint32_t queue_messages_max = 1'024;  // Messages waiting for one connection.
  QueueOverflow queue_overflow = QueueOverflow::kClose;

  // What one client may send. Bursts are used up first, then refilled at these rates; 0: any.
  std::uint32_t message_rate = 1'000;  // A second; pings and pongs count as messages.
  std::uint32_t message_burst = 2'000;
  std::uint32_t byte_rate = 4 << 20;  // A second.
  std::uint32_t byte_burst = 8 << 20;
  RateOverflow rate_overflow = RateOverflow::kPause;
};

enum class TlsVersion : std::uint8_t { k12, k13 };

// Whether a load balancer tells first whose connection it is.
enum class ProxyProtocol : std::uint8_t { kOff, kRequired };

// Where a trusted HTTP proxy tells whose request it is. One of them: a proxy that sets one field
// lets a client's other field pass.
enum class ForwardedField : std::uint8_t { kNone, kXForwardedFor, kForwarded };

struct Public {
  std::string listen = "127.0.0.1:8080";  // HOST:PORT, [v6]:PORT; port 0: the system chooses.
  std::uint32_t backlog = 4'096;
  std::uint32_t connections_max = 100'000;  // Whole process; more are refused with 503.
  bool pages = true;                        // Serve the test pages and dunlin.js.
  bool tls = false;                         // https and wss, with the certificates of [tls].
  ProxyProtocol proxy_protocol = ProxyProtocol::kOff;
  std::vector<std::string> trusted_proxies;  // Addresses and networks (CIDR).
  ForwardedField forwarded = ForwardedField::kXForwardedFor;
};

// Of both ports, each of which has a switch of its own.
struct Tls {
  std::vector<std::string> certificates;  // PEM files: a certificate and its chain.
  std::vector<std::string> keys;          // PEM files; empty: each stands with its certificate.
  bool self_signed = false;               // For development: one for localhost, made at the start.
  TlsVersion min_version = TlsVersion::k12;
  bool session_tickets = true;
  std::uint32_t session_timeout_ms = 7'200'000;
  std::uint32_t handshakes_per_turn = 16;  // Steps of handshakes between two looks at all else.
};

struct Handshake {
  std::uint32_t timeout_ms = 10'000;  // From accept to the end of the request head.
  std::uint32_t head_size_max = 16'384;
  std::uint32_t header_count_max = 100;
  std::uint32_t close_timeout_ms = 5'000;  // From our Close frame to the end of the connection.
};

// Who gets in, and what all of it may hold.
struct Limits {
  std::uint32_t accept_rate = 20'000;  // Connections a second, whole process; 0: any.
  std::uint32_t accept_burst = 20'000;
  std::uint32_t handshakes_max = 8'192;  // Under way on one shard; the oldest give way.
  std::uint32_t connections_per_address_max = 10'000;  // 0: any number.
  std::uint32_t handshakes_per_address_max = 1'024;    // Not logged in yet; 0: any number.
  std::uint32_t address_prefix_v6 = 64;                // IPv6 clients with it count as one.
  std::vector<std::string> address_exempt = {"127.0.0.0/8", "::1"};  // Not counted by address.
  std::uint32_t retry_after_ms = 10'000;  // Whoever is refused is asked to wait up to this.
  std::uint64_t memory_max = 0;           // 0: half of what the machine or its cgroup has.
};

// What a token must be, on every profile with AuthMode::kToken.
struct Auth {
  std::vector<std::string> keys;  // Files; "HS256:FILE" for a secret.
  std::vector<std::string> issuers;
  std::vector<std::string> audiences;
  std::string uid_claim = "sub";
  bool require_exp = true;
  std::uint32_t leeway_ms = 10'000;
  std::uint32_t token_size_max = 8'192;
  std::uint32_t notice_ms = 60'000;           // Before the end, dunlin.v1 clients are told.
  std::uint32_t refresh_interval_ms = 1'000;  // Fresh tokens of one connection.
};

struct Api {
  std::string listen = "127.0.0.1:8081";
  std::vector<std::string> keys;          // Empty is allowed on a loopback address only.
  bool tls = false;                       // https, with the certificates of [tls].
  std::string client_ca;                  // PEM file; callers must show a certificate of its.
  std::vector<std::string> hosts;         // Further Host names without keys; "any".
  std::vector<std::string> origins;       // Pages that may call; "any".
  std::uint32_t connections_max = 1'024;  // Per shard.
  std::uint32_t head_size_max = 16'384;
  std::uint32_t body_size_max = 8 << 20;
  std::uint32_t line_size_max = 2 << 20;      // One NDJSON line.
  std::uint32_t idle_timeout_ms = 60'000;     // Keep-alive without a request.
  std::uint32_t request_timeout_ms = 30'000;  // From a request's first byte to its last.
  std::uint32_t pipeline_max = 256;           // Unanswered requests of one connection.
  std::uint32_t targets_max = 10'000;         // uids, channels, or exclusions in one request.
  std::uint32_t wait_timeout_ms = 5'000;      // Default for wait=written and wait=acked.
  std::uint32_t wait_timeout_max_ms = 60'000;
  std::uint32_t idempotency_ttl_ms = 600'000;
  std::uint32_t idempotency_keys_max = 100'000;  // Per shard; the oldest give way.
};

struct Hub {
  std::uint32_t shards = 0;                // 0: one for each core.
  std::uint32_t ring_size = 4'096;         // Cells of a shard's inbox; a power of two.
  std::uint32_t outstanding_max = 16'384;  // Jobs one shard may have under way on others.
  std::uint32_t fanout_slice_us = 500;     // How long a fan-out goes on before all else has a turn.
  std::string send_batch = "auto";         // "auto", "plain" or "io_uring".
  std::uint32_t uid_size_max = 256;
  std::uint32_t channel_size_max = 256;
  std::uint32_t channels_max = 1'000'000;  // Per shard, with subscribers or history.
  std::uint32_t fanouts_max = 1'024;       // Fan-outs waiting on one shard; more are refused.
  std::uint32_t history_messages = 100;    // Per channel; 0: no history.
  std::uint32_t history_size = 256 << 10;  // Bytes per channel.
  std::uint64_t history_total_size = 64
                                     << 20;  // Bytes per shard, all channels; the oldest give way.
  std::uint32_t history_ttl_ms = 600'000;
};

// permessage-deflate (RFC 7692), for the profiles that have it on.
struct Compression {
  std::uint32_t level = 4;                       // zlib's: 1 is fast, 9 is small.
  std::uint32_t window_bits = 12;                // How far back a compressed message may refer.
  std::uint32_t size_max = 64 << 10;             // Longer payloads are not compressed.
  std::uint32_t deflate_slice_size = 256 << 10;  // Bytes compressed in one turn of a shard.
  std::uint32_t inflate_slice_size = 1 << 20;    // Bytes read and written by inflating, likewise.
};

struct Drain {
  std::uint32_t window_ms = 10'000;           // Closes are spread over this time.
  std::uint32_t deadline_ms = 30'000;         // From SIGTERM to the end, whatever is left.
  std::uint32_t reconnect_spread_ms = 5'000;  // The delay told to clients is random below this.
};

enum class LogFormat : std::uint8_t { kText, kJson };

struct Log {
  std::string level = "info";  // trace, debug, info, warn, error, off.
  LogFormat format = LogFormat::kText;
};

struct Canary {
  std::uint32_t interval_ms = 2'000;  // 0: no canary; readiness is then only "not draining".
  std::uint32_t timeout_ms = 10'000;  // Oldest arrival that still counts as ready.
};

struct Config {
  Public public_;  // Table [public].
  Tls tls;
  Handshake handshake;
  Limits limits;
  Auth auth;
  Api api;
  Hub hub;
  Compression compression;
  Drain drain;
  Log log;
  Canary canary;
  std::vector<Profile> profiles;  // Paths and names are unique.

  // What the files in auth.keys hold; null: not read, or there are none.
  std::shared_ptr<const ::auth::KeySet> token_keys;
};

}  // namespace config
