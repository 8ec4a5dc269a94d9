#include "proto/http/head_parser.h"

#include <llhttp.h>

#include <string_view>

#include "proto/http/field.h"
#include "proto/http/framing.h"
#include "proto/http/target.h"

namespace http {
namespace {

// Browsers and HTTP libraries send fewer; for those the list is allocated once.
constexpr std::size_t kHeaderCountUsual = 20;

// What llhttp tells about the head. All of it lies in one contiguous piece of memory, so a span
// that comes in several calls is simply longer.
struct Sink {
  std::string_view method;
  std::string_view target;
  Header header;
  std::vector<Header>* headers = nullptr;
};

void extend(std::string_view& span, const char* at, std::size_t size) {
  const char* const begin = span.data() == nullptr ? at : span.data();
  span = std::string_view(begin, static_cast<std::size_t>(at - begin) + size);
}

Sink& sink_of(llhttp_t* parser) { return *static_cast<Sink*>(parser->data); }

int on_method(llhttp_t* parser, const char* at, std::size_t size) {
  extend(sink_of(parser).method, at, size);
  return 0;
}

int on_url(llhttp_t* parser, const char* at, std::size_t size) {
  extend(sink_of(parser).target, at, size);
  return 0;
}

int on_header_field(llhttp_t* parser, const char* at, std::size_t size) {
  extend(sink_of(parser).header.name, at, size);
  return 0;
}

int on_header_value(llhttp_t* parser, const char* at, std::size_t size) {
  extend(sink_of(parser).header.value, at, size);
  return 0;
}

int on_header_value_complete(llhttp_t* parser) {
  Sink& sink = sink_of(parser);
  sink.headers->push_back(sink.header);
  sink.header = {};
  return 0;
}

// The body is ours (chunked_decoder.h): llhttp's work ends here, before it judges the framing.
int on_headers_complete(llhttp_t*) { return HPE_PAUSED; }

llhttp_settings_t make_settings() {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_method = on_method;
  settings.on_url = on_url;
  settings.on_header_field = on_header_field;
  settings.on_header_value = on_header_value;
  settings.on_header_value_complete = on_header_value_complete;
  settings.on_headers_complete = on_headers_complete;
  return settings;
}

const HttpError& error_for(llhttp_errno_t error) {
  switch (error) {
    case HPE_INVALID_METHOD:
      return refusal::kBadMethod;
    case HPE_INVALID_URL:
      return refusal::kBadTarget;
    case HPE_INVALID_VERSION:
    case HPE_PAUSED_H2_UPGRADE:
      return refusal::kVersion;
    case HPE_INVALID_HEADER_TOKEN:
    case HPE_UNEXPECTED_SPACE:
      return refusal::kBadHeader;
    case HPE_INVALID_CONTENT_LENGTH:
      return refusal::kBadLength;
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return refusal::kAmbiguousLength;
    case HPE_INVALID_TRANSFER_ENCODING:
      return refusal::kBadTransferEncoding;
    default:
      return refusal::kMalformed;
  }
}

Method method_of(std::uint8_t method) {
  switch (method) {
    case HTTP_GET:
      return Method::kGet;
    case HTTP_HEAD:
      return Method::kHead;
    case HTTP_POST:
      return Method::kPost;
    case HTTP_PUT:
      return Method::kPut;
    case HTTP_DELETE:
      return Method::kDelete;
    case HTTP_OPTIONS:
      return Method::kOptions;
    case HTTP_PATCH:
      return Method::kPatch;
    default:
      return Method::kOther;
  }
}

// RFC 9112 3: method SP request-target SP HTTP-version, to the letter. llhttp takes several spaces,
// no version at all, and the names of other protocols.
const HttpError* check_request_line(const std::string& bytes, const Sink& sink,
                                    const llhttp_t& parser) {
  const char* const method_end = sink.method.data() + sink.method.size();
  if (sink.target.data() != method_end + 1) return &refusal::kMalformed;
  const char* const target_end = sink.target.data() + sink.target.size();
  const std::string_view rest(target_end,
                              static_cast<std::size_t>(bytes.data() + bytes.size() - target_end));
  if (!rest.starts_with(" HTTP/")) return &refusal::kMalformed;
  return parser.http_major == 1 ? nullptr : &refusal::kVersion;
}

// RFC 9112 5: field-line = field-name ":" OWS field-value OWS. llhttp takes an empty name and
// leaves the white space at the end.
const HttpError* finish_headers(std::string& bytes, std::vector<Header>& headers) {
  for (Header& header : headers) {
    char* const name = bytes.data() + (header.name.data() - bytes.data());
    if (!lower_token({name, header.name.size()})) return &refusal::kBadHeader;
    header.value = trim(header.value);
  }
  return nullptr;
}

const HttpError* set_target(std::string_view text, std::size_t size_max, RequestHead& head) {
  if (text.size() > size_max) return &refusal::kTargetTooLong;
  const auto target = parse_target(text);
  if (!target) return &refusal::kBadTarget;
  head.target = text;
  head.path = target->path;
  head.query = target->query;
  // RFC 9112 3.2.2: the authority of an absolute target replaces Host.
  head.host = target->authority.empty() ? head.header("host") : target->authority;
  return nullptr;
}

// RFC 9112 9.3.
bool wants_keep_alive(const RequestHead& head) {
  if (list_contains(head, "connection", "close")) return false;
  return head.version_minor > 0 || list_contains(head, "connection", "keep-alive");
}

// `head` has everything llhttp found; here is what follows from it.
void set_intentions(RequestHead& head) {
  head.chunked =
      head.header_count("transfer-encoding") > 0;  // check_framing() let nothing else pass.
  head.keep_alive = wants_keep_alive(head);
  head.upgrade = head.header_count("upgrade") > 0 && list_contains(head, "connection", "upgrade");
  // RFC 9110 10.1.1: an expectation in an HTTP/1.0 request is ignored.
  head.expect_continue =
      head.version_minor > 0 && equals_ignoring_case(head.header("expect"), "100-continue");
}

const HttpError* check_and_fill(std::string& bytes, std::size_t target_size_max, const Sink& sink,
                                const llhttp_t& parser, RequestHead& head) {
  if (const HttpError* error = check_request_line(bytes, sink, parser)) return error;
  if (const HttpError* error = finish_headers(bytes, *sink.headers)) return error;
  head.method = method_of(parser.method);
  head.method_text = sink.method;
  head.version_minor = parser.http_minor;
  head.headers = *sink.headers;
  if ((parser.flags & F_CONTENT_LENGTH) != 0) head.content_length = parser.content_length;
  if (const HttpError* error = check_framing(head)) return error;
  if (const HttpError* error = set_target(sink.target, target_size_max, head)) return error;
  set_intentions(head);
  return nullptr;
}

}  // namespace

std::optional<HttpError> parse_head(std::string& bytes, std::size_t target_size_max,
                                    std::vector<Header>& headers, RequestHead& head) {
  static const llhttp_settings_t settings = make_settings();
  Sink sink;
  sink.headers = &headers;
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  parser.data = &sink;
  headers.clear();
  headers.reserve(kHeaderCountUsual);
  head = {};
  const llhttp_errno_t result = llhttp_execute(&parser, bytes.data(), bytes.size());
  if (result != HPE_PAUSED) return error_for(result);
  const HttpError* error = check_and_fill(bytes, target_size_max, sink, parser, head);
  return error == nullptr ? std::nullopt : std::optional(*error);
}

}  // namespace http
