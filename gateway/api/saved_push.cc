#include "gateway/api/saved_push.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace api {
namespace {

template <typename Visit>
void for_each_view(push::PushRequest& request, Visit visit) {
  for (std::string_view& uid : request.uids) visit(uid);
  for (std::string_view& channel : request.channels) visit(channel);
  for (std::string_view& excluded : request.exclude) visit(excluded);
  visit(request.connection);
  visit(request.profile);
  visit(request.payload);
  visit(request.conflate_key);
  visit(request.idempotency_key);
}

}  // namespace

SavedPush::SavedPush(const push::PushRequest& request) : request_(request) {
  std::size_t size = 0;
  for_each_view(request_, [&](std::string_view view) { size += view.size(); });
  bytes_ = std::make_unique_for_overwrite<char[]>(size);
  char* to = bytes_.get();
  for_each_view(request_, [&](std::string_view& view) {
    char* const begin = to;
    to = std::copy(view.begin(), view.end(), to);
    view = {begin, view.size()};
  });
}

}  // namespace api
