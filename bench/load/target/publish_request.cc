#include "bench/load/target/publish_request.h"

#include <fmt/format.h>

#include <iterator>

namespace load {

PublishRequest::PublishRequest(const PublishForm& form, std::string_view host,
                               std::string_view extra_header)
    : form_(form),
      is_json_(form.content_type.find("json") != std::string::npos),
      fields_(fmt::format(" HTTP/1.1\r\nHost: {}\r\n", host)) {
  if (!form.content_type.empty()) fields_ += fmt::format("Content-Type: {}\r\n", form.content_type);
  if (!extra_header.empty()) fields_ += fmt::format("{}\r\n", extra_header);
}

void PublishRequest::append_head_begin(std::string& out, const Template::Values& values) const {
  out += form_.method;
  out += ' ';
  form_.path.append_to(out, values);
  out += fields_;
}

void PublishRequest::append_head(std::string& out, const Template::Values& values) const {
  append_head_begin(out, values);
  fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n\r\n", body_.size());
}

void PublishRequest::append_to(std::string& out, const Template::Values& values) {
  body_.clear();
  append_body(values);
  append_head(out, values);
  out += body_;
  body_.clear();
}

void PublishRequest::add_line(const Template::Values& values) {
  append_body(values);
  body_ += '\n';
}

// Only texts are ever in need of it (payload.h), and of nothing but quotation marks.
void PublishRequest::append_body(const Template::Values& values) {
  if (!is_json_ || values.text.find('"') == std::string_view::npos)
    return form_.body.append_to(body_, values);
  escaped_.clear();
  for (const char c : values.text) {
    if (c == '"') escaped_ += '\\';
    escaped_ += c;
  }
  Template::Values escaped = values;
  escaped.text = escaped_;
  form_.body.append_to(body_, escaped);
}

void PublishRequest::append_batch_to(std::string& out) {
  if (body_.empty()) return;
  append_head(out, {});
  out += body_;
  body_.clear();
}

void PublishRequest::append_stream_head_to(std::string& out) const {
  append_head_begin(out, {});
  out += "Transfer-Encoding: chunked\r\n\r\n";
}

void PublishRequest::append_chunk_to(std::string& out) {
  if (body_.empty()) return;  // An empty chunk would be the end.
  fmt::format_to(std::back_inserter(out), "{:x}\r\n", body_.size());
  out += body_;
  out += "\r\n";
  body_.clear();
}

}  // namespace load
