#include "gateway/config/binding.h"
#include "gateway/config/schema.h"
#include "gateway/config/text_checks.h"

namespace config {
namespace {

constexpr std::uint64_t kKiB = 1'024;
constexpr std::uint64_t kGiB = kKiB * kKiB * kKiB;
constexpr std::uint64_t kHour = 3'600'000;
constexpr std::uint64_t kDay = 24 * kHour;

constexpr std::string_view kIdentities[] = {"none", "query", "message"};
constexpr std::string_view kAuthModes[] = {"none", "token"};
constexpr std::string_view kTextActions[] = {"discard", "echo", "broadcast", "protocol"};
// dunlin.v1 speaks JSON in text messages; there is no binary form of it.
constexpr std::string_view kBinaryActions[] = {"discard", "echo", "broadcast"};
constexpr std::string_view kExcesses[] = {"kick_old", "reject_new"};
constexpr std::string_view kOverflows[] = {"close", "drop_oldest", "drop_newest"};
constexpr std::string_view kRateOverflows[] = {"pause", "close"};
constexpr std::string_view kCompressionModes[] = {"off", "on"};

// All of a profile is for connections that are opened after the reload.
constexpr Reload kNew = Reload::kNewConnections;

// clang-format off: one row for a setting reads best as one block.
constexpr BoundSetting<Profile> kSettings[] = {
    bind<&Profile::path>({
        .name = "path",
        .help = "Exact request path; needed, and each profile has its own.",
        .min = 1, .max = 256, .check = check_path, .reload = kNew}),
    bind<&Profile::identity>({
        .name = "identity",
        .help = "Where a connection's uid comes from without tokens: nowhere, the query, its first message.",
        .choices = kIdentities, .reload = kNew}),
    bind<&Profile::auth>({
        .name = "auth",
        .help = "\"none\" takes a client's word for its uid: for trusted networks and development. "
                "\"token\" needs a signed token, at the handshake or, with identity = \"message\", as "
                "the first message.",
        .choices = kAuthModes, .reload = kNew}),
    bind<&Profile::token_param>({
        .name = "token_param",
        .help = "Query parameter that may hold the token; empty: not in the query, where proxies log.",
        .min = 0, .max = 64, .check = check_parameter, .reload = kNew}),
    bind<&Profile::uid_param>({
        .name = "uid_param",
        .help = "Query parameter that holds the uid, with identity = \"query\".",
        .min = 1, .max = 64, .check = check_parameter, .reload = kNew}),
    bind<&Profile::login_timeout_ms>({
        .name = "login_timeout_ms",
        .help = "From the opening handshake to the login, with identity = \"message\".",
        .min = 10, .max = kHour, .unit = Unit::kMilliseconds, .reload = kNew}),
    bind<&Profile::on_text>({
        .name = "on_text",
        .help = "What becomes of a client's text message (after its login, if it needs one).",
        .choices = kTextActions, .reload = kNew}),
    bind<&Profile::on_binary>({
        .name = "on_binary",
        .help = "What becomes of a client's binary message.",
        .choices = kBinaryActions, .reload = kNew}),
    bind<&Profile::answer_ping>({
        .name = "answer_ping",
        .help = "The text message \"ping\" is answered with \"pong\".",
        .reload = kNew}),
    bind<&Profile::normalize_space>({
        .name = "normalize_space",
        .help = "Text that is broadcast is trimmed, and its newlines become spaces.",
        .reload = kNew}),
    bind<&Profile::room>({
        .name = "room",
        .help = "Channel that broadcasts go to; every connection is subscribed to it.",
        .min = 0, .max = 4 * kKiB, .check = check_channel, .reload = kNew}),
    bind<&Profile::channels>({
        .name = "channels",
        .help = "Further channels that every connection is subscribed to.",
        .min = 0, .max = 100, .check = check_channel, .reload = kNew}),
    bind<&Profile::client_subscribe>({
        .name = "client_subscribe",
        .help = "Clients of dunlin.v1 may subscribe by themselves.",
        .reload = kNew}),
    bind<&Profile::client_channels>({
        .name = "client_channels",
        .help = "Channels they may subscribe to; a '*' at the end stands for anything.",
        .min = 0, .max = 1'000, .check = check_channel_pattern, .reload = kNew}),
    bind<&Profile::subscriptions_max>({
        .name = "subscriptions_max",
        .help = "Subscriptions of one connection, room and channels included.",
        .min = 0, .max = 1'000'000, .reload = kNew}),
    bind<&Profile::connections_per_uid_max>({
        .name = "connections_per_uid_max",
        .help = "Connections of one uid; 0: any number. Without an identity nothing is counted.",
        .min = 0, .max = 1'000'000, .reload = kNew}),
    bind<&Profile::on_excess>({
        .name = "on_excess",
        .help = "Which connection gives way when a uid has more.",
        .choices = kExcesses, .reload = kNew}),
    bind<&Profile::ping_interval_ms>({
        .name = "ping_interval_ms",
        .help = "Time between two Ping frames; 0: none.",
        .min = 0, .max = kDay, .unit = Unit::kMilliseconds, .reload = kNew}),
    bind<&Profile::pong_timeout_ms>({
        .name = "pong_timeout_ms",
        .help = "A connection whose Pong takes longer is cut.",
        .min = 10, .max = kDay, .unit = Unit::kMilliseconds, .reload = kNew}),
    bind<&Profile::ping_jitter_percent>({
        .name = "ping_jitter_percent",
        .help = "Pings come up to this much earlier or later, at random, so that they do not bunch.",
        .min = 0, .max = 90, .unit = Unit::kPercent, .reload = kNew}),
    bind<&Profile::heartbeat_text>({
        .name = "heartbeat_text",
        .help = "Sent as a text message at every heartbeat; empty: no heartbeat.",
        .min = 0, .max = 4 * kKiB, .reload = kNew}),
    bind<&Profile::heartbeat_interval_ms>({
        .name = "heartbeat_interval_ms",
        .help = "Time between two heartbeats.",
        .min = 10, .max = kDay, .unit = Unit::kMilliseconds, .reload = kNew}),
    bind<&Profile::idle_timeout_ms>({
        .name = "idle_timeout_ms",
        .help = "A client that sends nothing for so long is closed; 0: never.",
        .min = 0, .max = 7 * kDay, .unit = Unit::kMilliseconds, .reload = kNew}),
    bind<&Profile::gzip_param>({
        .name = "gzip_param",
        .help = "Query parameter that asks for gzip in binary messages; empty: not offered.",
        .min = 0, .max = 64, .check = check_parameter, .reload = kNew}),
    bind<&Profile::compression>({
        .name = "compression",
        .help = "Whether permessage-deflate is agreed to when a client offers it. Not where secrets "
                "and text of others travel in one message: its size tells about them.",
        .choices = kCompressionModes, .reload = kNew}),
    bind<&Profile::deflate_size_min>({
        .name = "deflate_size_min",
        .help = "Shorter payloads are sent as they are.",
        .min = 1, .max = 1 * kGiB, .unit = Unit::kBytes, .reload = kNew}),
    bind<&Profile::server_context_takeover>({
        .name = "server_context_takeover",
        .help = "Messages to a client refer back to earlier ones: smaller, but compressed for each "
                "connection, which then holds 38 KiB (compression.window_bits = 12; 262 KiB with 15).",
        .reload = kNew}),
    bind<&Profile::client_context_takeover>({
        .name = "client_context_takeover",
        .help = "Messages from a client may refer back to earlier ones: the connection then holds "
                "the end of what it has sent, up to 2 to the power of client_window_bits bytes.",
        .reload = kNew}),
    bind<&Profile::client_window_bits>({
        .name = "client_window_bits",
        .help = "Asked of clients that can be told; the others may use 15.",
        .min = 9, .max = 15, .reload = kNew}),
    bind<&Profile::origins>({
        .name = "origins",
        .help = "Pages that may connect: \"same\", \"any\", or origins such as https://example.org.",
        .min = 1, .max = 1'000, .check = check_origin, .reload = kNew}),
    bind<&Profile::message_size_max>({
        .name = "message_size_max",
        .help = "A client's message, all fragments together.",
        .min = 1, .max = 1 * kGiB, .unit = Unit::kBytes, .reload = kNew}),
    bind<&Profile::queue_size_max>({
        .name = "queue_size_max",
        .help = "What may wait to be sent to one connection; as much again may wait for its "
                "subscriptions to be confirmed.",
        .min = 1 * kKiB, .max = 1 * kGiB, .unit = Unit::kBytes, .reload = kNew}),
    bind<&Profile::queue_messages_max>({
        .name = "queue_messages_max",
        .help = "Messages that may wait to be sent to one connection; likewise.",
        .min = 1, .max = 1'000'000, .reload = kNew}),
    bind<&Profile::queue_overflow>({
        .name = "queue_overflow",
        .help = "What gives way when that queue is full: the connection, or a message.",
        .choices = kOverflows, .reload = kNew}),
    bind<&Profile::message_rate>({
        .name = "message_rate",
        .help = "Messages, pings and pongs that a client may send a second; 0: any number.",
        .min = 0, .max = 1'000'000'000, .reload = kNew}),
    bind<&Profile::message_burst>({
        .name = "message_burst",
        .help = "How many it may send at once, before the rate counts.",
        .min = 1, .max = 1'000'000'000, .reload = kNew}),
    bind<&Profile::byte_rate>({
        .name = "byte_rate",
        .help = "Bytes that a client may send a second; 0: any number.",
        .min = 0, .max = 4 * kGiB - 1, .unit = Unit::kBytes, .reload = kNew}),
    bind<&Profile::byte_burst>({
        .name = "byte_burst",
        .help = "How many it may send at once, before the rate counts.",
        .min = 4 * kKiB, .max = 4 * kGiB - 1, .unit = Unit::kBytes, .reload = kNew}),
    bind<&Profile::rate_overflow>({
        .name = "rate_overflow",
        .help = "A client that sends more is not read for a while, or closed (1008).",
        .choices = kRateOverflows, .reload = kNew}),
};
// clang-format on

}  // namespace

std::span<const BoundSetting<Profile>> profile_settings() { return kSettings; }

}  // namespace config
