#include "gateway/api/request_fields.h"

#include <array>

namespace api {
namespace {

std::string_view without_parameters(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return type;
}

struct Wanted {
  std::string_view name;
  std::string_view RequestFields::* field;
};
constexpr std::array kWanted = {Wanted{"content-type", &RequestFields::media_type},
                                Wanted{"authorization", &RequestFields::authorization},
                                Wanted{"x-api-key", &RequestFields::api_key},
                                Wanted{"idempotency-key", &RequestFields::idempotency_key},
                                Wanted{"sec-fetch-site", &RequestFields::fetch_site},
                                Wanted{"origin", &RequestFields::origin}};

}  // namespace

RequestFields find_fields(const http::RequestHead& head) {
  RequestFields fields;
  for (const http::Header& header : head.headers) {
    for (const Wanted& wanted : kWanted) {
      if (header.name != wanted.name) continue;
      std::string_view& field = fields.*wanted.field;
      if (field.data() == nullptr)
        field = header.value.empty() ? std::string_view("") : header.value;
      break;
    }
  }
  fields.media_type = without_parameters(fields.media_type);
  return fields;
}

}  // namespace api
