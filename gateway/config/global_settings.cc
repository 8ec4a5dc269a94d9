#include "gateway/config/binding.h"
#include "gateway/config/schema.h"
#include "gateway/config/text_checks.h"

namespace config {
namespace {

constexpr std::uint64_t kKiB = 1'024;
constexpr std::uint64_t kMiB = 1'024 * kKiB;
constexpr std::uint64_t kGiB = 1'024 * kMiB;
constexpr std::uint64_t kMinute = 60'000;
constexpr std::uint64_t kHour = 60 * kMinute;
constexpr std::uint64_t kDay = 24 * kHour;

constexpr std::string_view kSendBatches[] = {"auto", "plain", "io_uring"};
constexpr std::string_view kProxyProtocols[] = {"off", "required"};
constexpr std::string_view kForwardedFields[] = {"none", "x-forwarded-for", "forwarded"};
constexpr std::string_view kLevels[] = {"trace", "debug", "info", "warn", "error", "off"};
constexpr std::string_view kFormats[] = {"text", "json"};
constexpr std::string_view kTlsVersions[] = {"1.2", "1.3"};

constexpr Table kTables[] = {
    {"public", "The port that browsers and apps connect to."},
    {"tls", "Certificates, for public.tls and api.tls. The files are read again on SIGHUP."},
    {"handshake", "Bounds of a public connection's first and last moments."},
    {"limits", "Who gets in, and what all connections together may hold."},
    {"auth", "Tokens (JWT) of clients, on profiles with auth = \"token\"."},
    {"api", "The internal HTTP port that backend services push through."},
    {"hub", "Shards, queues between them, channels and their history."},
    {"compression", "permessage-deflate, for the profiles that have it on."},
    {"drain", "How connections are taken down when the gateway is asked to end."},
    {"log", "The log, on standard error."},
    {"canary", "The push to itself by which the gateway knows that it is ready."},
};

// clang-format off: one row for a setting reads best as one block.
constexpr BoundSetting<Config> kSettings[] = {
    bind<&Config::public_, &Public::listen>({
        .name = "public.listen",
        .help = "Address of the public port; port 0 lets the system choose.",
        .min = 1, .max = 256, .check = check_listen, .reload = Reload::kRestart}),
    bind<&Config::public_, &Public::backlog>({
        .name = "public.backlog",
        .help = "Connections that may wait in the kernel to be accepted, per shard.",
        .min = 1, .max = 65'535, .reload = Reload::kRestart}),
    bind<&Config::public_, &Public::connections_max>({
        .name = "public.connections_max",
        .help = "Connections of the whole process; more are refused with 503.",
        .min = 1, .max = 100'000'000}),
    bind<&Config::public_, &Public::pages>({
        .name = "public.pages",
        .help = "Serve the test pages and dunlin.js. Their paths stay reserved either way."}),
    bind<&Config::public_, &Public::tls>({
        .name = "public.tls",
        .help = "The public port speaks TLS (https, wss); see [tls].",
        .reload = Reload::kRestart}),
    bind<&Config::public_, &Public::proxy_protocol>({
        .name = "public.proxy_protocol",
        .help = "Whether every connection begins with a PROXY header (version 2) of a load balancer, "
                "which must be one of the trusted proxies.",
        .choices = kProxyProtocols, .reload = Reload::kNewConnections}),
    bind<&Config::public_, &Public::trusted_proxies>({
        .name = "public.trusted_proxies",
        .help = "Addresses and networks (10.0.0.0/8) of proxies that are believed when they tell a "
                "client's address, host and scheme.",
        .min = 0, .max = 1'000, .check = check_network, .reload = Reload::kNewConnections}),
    bind<&Config::public_, &Public::forwarded>({
        .name = "public.forwarded",
        .help = "Where a trusted HTTP proxy tells them: in X-Forwarded-For, -Host and -Proto, or in "
                "Forwarded. It must overwrite or extend what a client sends there.",
        .choices = kForwardedFields, .reload = Reload::kNewConnections}),

    bind<&Config::tls, &Tls::certificates>({
        .name = "tls.certificates",
        .help = "PEM files, each a certificate followed by its chain. The names in it decide which "
                "one a client gets (SNI); the first one is for all other names. The log warns, at the "
                "start and at each reload, of one that ends within 14 days.",
        .min = 0, .max = 1'000, .check = check_file}),
    bind<&Config::tls, &Tls::keys>({
        .name = "tls.keys",
        .help = "PEM files with the private keys, in the order of tls.certificates; none: each "
                "stands in the same file as its certificate.",
        .min = 0, .max = 1'000, .check = check_file}),
    bind<&Config::tls, &Tls::self_signed>({
        .name = "tls.self_signed",
        .help = "For development: a certificate for localhost is made at the start.",
        .reload = Reload::kRestart}),
    bind<&Config::tls, &Tls::min_version>({
        .name = "tls.min_version",
        .help = "The oldest version that is spoken.",
        .choices = kTlsVersions, .reload = Reload::kNewConnections}),
    bind<&Config::tls, &Tls::session_tickets>({
        .name = "tls.session_tickets",
        .help = "Clients that come back may resume their session, which saves both a signature.",
        .reload = Reload::kNewConnections}),
    bind<&Config::tls, &Tls::session_timeout_ms>({
        .name = "tls.session_timeout_ms",
        .help = "How long a session can be resumed; a reload ends all of them.",
        .min = 1'000, .max = kDay, .unit = Unit::kMilliseconds,
        .reload = Reload::kNewConnections}),
    bind<&Config::tls, &Tls::handshakes_per_turn>({
        .name = "tls.handshakes_per_turn",
        .help = "Steps of TLS handshakes that a shard takes, for each port, before all else has a "
                "turn: a storm of new connections delays pushes by no more than these.",
        .min = 1, .max = 10'000}),

    bind<&Config::handshake, &Handshake::timeout_ms>({
        .name = "handshake.timeout_ms",
        .help = "From accept to the end of the request's head.",
        .min = 10, .max = 10 * kMinute, .unit = Unit::kMilliseconds}),
    bind<&Config::handshake, &Handshake::head_size_max>({
        .name = "handshake.head_size_max",
        .help = "Request line and headers together.",
        .min = 512, .max = 1 * kMiB, .unit = Unit::kBytes}),
    bind<&Config::handshake, &Handshake::header_count_max>({
        .name = "handshake.header_count_max",
        .help = "Headers of one request.",
        .min = 8, .max = 1'000}),
    bind<&Config::handshake, &Handshake::close_timeout_ms>({
        .name = "handshake.close_timeout_ms",
        .help = "From our Close frame to the end of the connection, whatever the client does.",
        .min = 10, .max = 10 * kMinute, .unit = Unit::kMilliseconds}),

    bind<&Config::limits, &Limits::accept_rate>({
        .name = "limits.accept_rate",
        .help = "Connections accepted a second, all shards together; others are asked to come back "
                "(503, Retry-After). 0: any number.",
        .min = 0, .max = 10'000'000}),
    bind<&Config::limits, &Limits::accept_burst>({
        .name = "limits.accept_burst",
        .help = "Connections that may come at once, above that rate.",
        .min = 1, .max = 10'000'000}),
    bind<&Config::limits, &Limits::handshakes_max>({
        .name = "limits.handshakes_max",
        .help = "Opening handshakes under way on one shard; the oldest gives way to the newest.",
        .min = 16, .max = 10'000'000}),
    bind<&Config::limits, &Limits::connections_per_address_max>({
        .name = "limits.connections_per_address_max",
        .help = "Connections from one address, whole process; more are refused with 429. 0: any "
                "number. Many users may share an address (NAT).",
        .min = 0, .max = 100'000'000}),
    bind<&Config::limits, &Limits::handshakes_per_address_max>({
        .name = "limits.handshakes_per_address_max",
        .help = "Of those, connections that have not ended their handshake and login. 0: any number.",
        .min = 0, .max = 100'000'000}),
    bind<&Config::limits, &Limits::address_prefix_v6>({
        .name = "limits.address_prefix_v6",
        .help = "IPv6 addresses that share so many bits count as one: whoever has one address has a "
                "network of them.",
        .min = 16, .max = 128, .reload = Reload::kRestart}),
    bind<&Config::limits, &Limits::address_exempt>({
        .name = "limits.address_exempt",
        .help = "Addresses and networks whose connections are not counted by address. Trusted "
                "proxies that tell no client's address are not, either.",
        .min = 0, .max = 1'000, .check = check_network, .reload = Reload::kNewConnections}),
    bind<&Config::limits, &Limits::retry_after_ms>({
        .name = "limits.retry_after_ms",
        .help = "Who is refused is asked to come back after a random time up to this, so that not "
                "all come back at once.",
        .min = 1'000, .max = kHour, .unit = Unit::kMilliseconds}),
    bind<&Config::limits, &Limits::memory_max>({
        .name = "limits.memory_max",
        .help = "What messages, queues, histories, unfinished input, compression contexts and API "
                "requests may hold together. Near it contexts are given up, histories shrink and "
                "the connections that hold most are closed; "
                "at it pushes and connections are refused. 0: half of what the machine or its "
                "control group has.",
        .min = 0, .max = 1'024 * kGiB, .unit = Unit::kBytes}),

    bind<&Config::auth, &Auth::keys>({
        .name = "auth.keys",
        .help = "Files with keys that tokens are verified with: public keys in PEM, a JWK or a JWKS; a "
                "secret as \"HS256:FILE\" (or HS384, HS512). Read again by a reload.",
        .min = 0, .max = 64, .check = check_key_file}),
    bind<&Config::auth, &Auth::issuers>({
        .name = "auth.issuers",
        .help = "A token's iss must be one of these; none: iss is not looked at.",
        .min = 0, .max = 64, .check = check_claim}),
    bind<&Config::auth, &Auth::audiences>({
        .name = "auth.audiences",
        .help = "A token's aud must have one of these; none: tokens with an aud are refused.",
        .min = 0, .max = 64, .check = check_claim}),
    bind<&Config::auth, &Auth::uid_claim>({
        .name = "auth.uid_claim",
        .help = "The claim that is the uid.",
        .min = 1, .max = 64, .check = check_claim}),
    bind<&Config::auth, &Auth::require_exp>({
        .name = "auth.require_exp",
        .help = "Refuse tokens without an expiry (exp), which are good for ever."}),
    bind<&Config::auth, &Auth::leeway_ms>({
        .name = "auth.leeway_ms",
        .help = "How far the clock of whoever issues tokens may differ from ours.",
        .min = 0, .max = 10 * kMinute, .unit = Unit::kMilliseconds}),
    bind<&Config::auth, &Auth::token_size_max>({
        .name = "auth.token_size_max",
        .help = "A token's length; longer ones are not looked at.",
        .min = 128, .max = 256 * kKiB, .unit = Unit::kBytes}),
    bind<&Config::auth, &Auth::notice_ms>({
        .name = "auth.notice_ms",
        .help = "How long before its token expires a dunlin.v1 client is told so; a quarter of the "
                "token's time if that is less.",
        .min = 0, .max = kDay, .unit = Unit::kMilliseconds}),
    bind<&Config::auth, &Auth::refresh_interval_ms>({
        .name = "auth.refresh_interval_ms",
        .help = "Least time between two fresh tokens of one connection.",
        .min = 0, .max = kHour, .unit = Unit::kMilliseconds}),

    bind<&Config::api, &Api::listen>({
        .name = "api.listen",
        .help = "Address of the internal port. Anything but loopback needs api.keys or "
                "api.client_ca.",
        .min = 1, .max = 256, .check = check_listen, .reload = Reload::kRestart}),
    bind<&Config::api, &Api::keys>({
        .name = "api.keys",
        .help = "Keys that callers must show one of; none: everybody on loopback may call.",
        .min = 0, .max = 64, .check = check_key, .secret = true}),
    bind<&Config::api, &Api::tls>({
        .name = "api.tls",
        .help = "The internal port speaks TLS (https); see [tls].",
        .reload = Reload::kRestart}),
    bind<&Config::api, &Api::client_ca>({
        .name = "api.client_ca",
        .help = "PEM file with authorities: callers must show a certificate that one of them has "
                "signed. Empty: callers need none. Goes with api.tls.",
        .min = 0, .max = 4 * kKiB, .check = check_file, .reload = Reload::kRestart}),
    bind<&Config::api, &Api::hosts>({
        .name = "api.hosts",
        .help = "Without keys and client certificates: names beside localhost and loopback addresses "
                "that requests may have in Host, or \"any\". A page whose name comes to point here (DNS rebinding) is kept "
                "out by this.",
        .min = 0, .max = 100, .check = check_host}),
    bind<&Config::api, &Api::origins>({
        .name = "api.origins",
        .help = "Pages that may call: \"any\", or origins such as https://example.org. Browsers tell "
                "whose page asks; requests for all others are refused, those of backends are not "
                "concerned.",
        .min = 0, .max = 100, .check = check_origin}),
    bind<&Config::api, &Api::connections_max>({
        .name = "api.connections_max",
        .help = "Connections to the internal port, per shard.",
        .min = 1, .max = 1'000'000}),
    bind<&Config::api, &Api::head_size_max>({
        .name = "api.head_size_max",
        .help = "Request line and headers together.",
        .min = 512, .max = 1 * kMiB, .unit = Unit::kBytes}),
    bind<&Config::api, &Api::body_size_max>({
        .name = "api.body_size_max",
        .help = "Body of one request; a batch stream (NDJSON) may be of any length.",
        .min = 1, .max = 1 * kGiB, .unit = Unit::kBytes}),
    bind<&Config::api, &Api::line_size_max>({
        .name = "api.line_size_max",
        .help = "One line of a batch stream.",
        .min = 64, .max = 1 * kGiB, .unit = Unit::kBytes}),
    bind<&Config::api, &Api::idle_timeout_ms>({
        .name = "api.idle_timeout_ms",
        .help = "Keep-alive time without a request.",
        .min = 10, .max = kDay, .unit = Unit::kMilliseconds}),
    bind<&Config::api, &Api::request_timeout_ms>({
        .name = "api.request_timeout_ms",
        .help = "From a request's first byte to its last.",
        .min = 10, .max = kDay, .unit = Unit::kMilliseconds}),
    bind<&Config::api, &Api::pipeline_max>({
        .name = "api.pipeline_max",
        .help = "Unanswered requests of one connection; at the limit, reading pauses.",
        .min = 1, .max = 65'536}),
    bind<&Config::api, &Api::targets_max>({
        .name = "api.targets_max",
        .help = "Uids, channels or exclusions that one request may name.",
        .min = 1, .max = 1'000'000}),
    bind<&Config::api, &Api::wait_timeout_ms>({
        .name = "api.wait_timeout_ms",
        .help = "How long wait=written and wait=acked wait when a request does not say.",
        .min = 1, .max = kHour, .unit = Unit::kMilliseconds}),
    bind<&Config::api, &Api::wait_timeout_max_ms>({
        .name = "api.wait_timeout_max_ms",
        .help = "The longest wait a request may ask for.",
        .min = 1, .max = kHour, .unit = Unit::kMilliseconds}),
    bind<&Config::api, &Api::idempotency_ttl_ms>({
        .name = "api.idempotency_ttl_ms",
        .help = "How long a push's idempotency key is remembered.",
        .min = 1'000, .max = kDay, .unit = Unit::kMilliseconds}),
    bind<&Config::api, &Api::idempotency_keys_max>({
        .name = "api.idempotency_keys_max",
        .help = "Idempotency keys remembered per shard; the oldest give way.",
        .min = 0, .max = 100'000'000}),

    bind<&Config::hub, &Hub::shards>({
        .name = "hub.shards",
        .help = "Threads that serve connections; 0: one for each core.",
        .min = 0, .max = 256, .reload = Reload::kRestart}),
    bind<&Config::hub, &Hub::ring_size>({
        .name = "hub.ring_size",
        .help = "Cells of a shard's inbox; a power of two.",
        .min = 64, .max = 1 << 20, .reload = Reload::kRestart}),
    bind<&Config::hub, &Hub::outstanding_max>({
        .name = "hub.outstanding_max",
        .help = "Jobs that one shard may have under way on others.",
        .min = 64, .max = 1 << 24, .reload = Reload::kRestart}),
    bind<&Config::hub, &Hub::fanout_slice_us>({
        .name = "hub.fanout_slice_us",
        .help = "Microseconds that a fan-out may go on between two looks at everything else: what a "
                "targeted push may have to wait. Shorter slices cost a little more each.",
        .min = 50, .max = 100'000}),
    bind<&Config::hub, &Hub::send_batch>({
        .name = "hub.send_batch",
        .help = "How a fan-out's sends reach the kernel; auto: io_uring where there is one.",
        .choices = kSendBatches, .reload = Reload::kRestart}),
    bind<&Config::hub, &Hub::uid_size_max>({
        .name = "hub.uid_size_max",
        .help = "A uid's length.",
        .min = 1, .max = 4 * kKiB, .unit = Unit::kBytes}),
    bind<&Config::hub, &Hub::channel_size_max>({
        .name = "hub.channel_size_max",
        .help = "A channel name's length.",
        .min = 1, .max = 4 * kKiB, .unit = Unit::kBytes}),
    bind<&Config::hub, &Hub::channels_max>({
        .name = "hub.channels_max",
        .help = "Channels with subscribers or history, per shard.",
        .min = 1, .max = 100'000'000}),
    bind<&Config::hub, &Hub::fanouts_max>({
        .name = "hub.fanouts_max",
        .help = "Fan-outs waiting on one shard; more are refused.",
        .min = 1, .max = 1 << 20, .reload = Reload::kRestart}),
    bind<&Config::hub, &Hub::history_messages>({
        .name = "hub.history_messages",
        .help = "Publications kept per channel for clients that come back; 0: no history.",
        .min = 0, .max = 1'000'000}),
    bind<&Config::hub, &Hub::history_size>({
        .name = "hub.history_size",
        .help = "History of one channel.",
        .min = 0, .max = 1 * kGiB, .unit = Unit::kBytes}),
    bind<&Config::hub, &Hub::history_total_size>({
        .name = "hub.history_total_size",
        .help = "History of all channels of one shard; the oldest gives way.",
        .min = 0, .max = 1'024 * kGiB, .unit = Unit::kBytes}),
    bind<&Config::hub, &Hub::history_ttl_ms>({
        .name = "hub.history_ttl_ms",
        .help = "How long a publication is kept.",
        .min = 1'000, .max = 7 * kDay, .unit = Unit::kMilliseconds}),

    bind<&Config::compression, &Compression::level>({
        .name = "compression.level",
        .help = "zlib's level: 1 is fast, 9 is small.",
        .min = 1, .max = 9}),
    bind<&Config::compression, &Compression::window_bits>({
        .name = "compression.window_bits",
        .help = "A compressed message refers back by at most 2 to the power of this many bytes. "
                "Clients that allow less than this get larger messages uncompressed.",
        // What is compressed already, in histories and on other shards, keeps its window.
        .min = 9, .max = 15, .reload = Reload::kRestart}),
    bind<&Config::compression, &Compression::size_max>({
        .name = "compression.size_max",
        .help = "Longer payloads are sent as they are: compressing must not hold up what comes "
                "after them. Where gzip was asked for, they are gzip that is not compressed.",
        .min = 1 * kKiB, .max = 16 * kKiB * kKiB, .unit = Unit::kBytes}),
    bind<&Config::compression, &Compression::deflate_slice_size>({
        .name = "compression.deflate_slice_size",
        .help = "What a shard compresses between two looks at everything else; the rest of that "
                "turn goes uncompressed.",
        .min = 1 * kKiB, .max = 1 * kGiB, .unit = Unit::kBytes}),
    bind<&Config::compression, &Compression::inflate_slice_size>({
        .name = "compression.inflate_slice_size",
        .help = "What a shard reads and writes by inflating between two looks at everything else; "
                "further messages wait for the next turn.",
        .min = 1 * kKiB, .max = 1 * kGiB, .unit = Unit::kBytes}),

    bind<&Config::drain, &Drain::window_ms>({
        .name = "drain.window_ms",
        .help = "Closes are spread over this time.",
        .min = 0, .max = kDay, .unit = Unit::kMilliseconds}),
    bind<&Config::drain, &Drain::deadline_ms>({
        .name = "drain.deadline_ms",
        .help = "From SIGTERM to the end, whatever is left then.",
        .min = 0, .max = kDay, .unit = Unit::kMilliseconds}),
    bind<&Config::drain, &Drain::reconnect_spread_ms>({
        .name = "drain.reconnect_spread_ms",
        .help = "Clients are told to come back after a random delay below this.",
        .min = 0, .max = kDay, .unit = Unit::kMilliseconds}),

    bind<&Config::log, &Log::level>({
        .name = "log.level",
        .help = "The least important events that are written.",
        .choices = kLevels}),
    bind<&Config::log, &Log::format>({
        .name = "log.format",
        .help = "One event is one line, in either format.",
        .choices = kFormats}),

    bind<&Config::canary, &Canary::interval_ms>({
        .name = "canary.interval_ms",
        .help = "Time between two canaries; 0: none, ready then only means not draining.",
        .min = 0, .max = kHour, .unit = Unit::kMilliseconds}),
    bind<&Config::canary, &Canary::timeout_ms>({
        .name = "canary.timeout_ms",
        .help = "Age of the last arrival above which the gateway is not ready.",
        .min = 10, .max = kDay, .unit = Unit::kMilliseconds}),
};
// clang-format on

}  // namespace

std::span<const Table> global_tables() { return kTables; }

std::span<const BoundSetting<Config>> global_settings() { return kSettings; }

}  // namespace config
