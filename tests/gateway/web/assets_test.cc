// The embedded pages: every path the README names is there, found, sound, and allowed to load by
// the policy it is served with.
#include "gateway/web/assets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace web {
namespace {

TEST(Assets, EveryPublishedPathIsFound) {
  for (const std::string_view path :
       {"/", "/longconnecthtml", "/chat.html", "/echo.html", "/push.html", "/context.html",
        "/dunlin.js", "/favicon.svg"}) {
    const Asset* asset = find_asset(path);
    ASSERT_NE(asset, nullptr) << path;
    EXPECT_EQ(asset->path, path);
  }
}

TEST(Assets, TableIsSortedAndEveryRowIsFoundByItsPath) {
  EXPECT_TRUE(std::ranges::is_sorted(assets(), {}, &Asset::path));
  for (const Asset& asset : assets()) EXPECT_EQ(find_asset(asset.path), &asset) << asset.path;
}

TEST(Assets, OnlyExactPathsAreFound) {
  for (const std::string_view path :
       {"", "//", "/chat.htm", "/chat.html/", "/chat.html?x", "/CHAT.html", "chat.html",
        "/../chat.html", "/zzz", "/assets.h"}) {
    EXPECT_EQ(find_asset(path), nullptr) << path;
  }
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(find_asset("/chat.html\0"sv), nullptr);
}

TEST(Assets, BodiesAreWholeFiles) {
  for (const Asset& asset : assets()) {
    ASSERT_FALSE(asset.body.empty()) << asset.path;
    EXPECT_EQ(asset.body.back(), '\n') << asset.path;
    EXPECT_EQ(asset.body.find('\0'), std::string_view::npos) << asset.path;
    if (asset.content_type.starts_with("text/html")) {
      EXPECT_TRUE(asset.body.starts_with("<!doctype html>")) << asset.path;
      EXPECT_TRUE(asset.body.ends_with("</html>\n")) << asset.path;
    }
  }
}

TEST(Assets, ContentTypes) {
  EXPECT_EQ(find_asset("/longconnecthtml")->content_type, "text/html; charset=utf-8");
  EXPECT_EQ(find_asset("/dunlin.js")->content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(find_asset("/style.css")->content_type, "text/css; charset=utf-8");
  EXPECT_EQ(find_asset("/favicon.svg")->content_type, "image/svg+xml");
}

TEST(Assets, EtagsAreQuotedAndDiffer) {
  std::set<std::string_view> seen;
  for (const Asset& asset : assets()) {
    ASSERT_GT(asset.etag.size(), 2U) << asset.path;
    EXPECT_EQ(asset.etag.front(), '"');
    EXPECT_EQ(asset.etag.back(), '"');
    EXPECT_TRUE(seen.insert(asset.etag).second) << asset.path;
  }
}

// The policy forbids inline scripts, inline styles and other hosts: a page with one would load
// half. Every src and href that stays on this host must be an asset or a public path.
TEST(Assets, PagesKeepTheirContentSecurityPolicy) {
  for (const Asset& asset : assets()) {
    if (!asset.content_type.starts_with("text/html")) continue;
    for (const std::string_view banned : {"<style", " style=", " onclick=", " onload=",
                                          "javascript:", "src=\"http", "src=\"//", "<script>"}) {
      EXPECT_EQ(asset.body.find(banned), std::string_view::npos) << asset.path << " has " << banned;
    }
    for (const std::string_view attribute : {" src=\"", " href=\""}) {
      for (std::size_t at = asset.body.find(attribute); at != std::string_view::npos;
           at = asset.body.find(attribute, at + 1)) {
        const std::size_t begin = at + attribute.size();
        const std::string_view target =
            asset.body.substr(begin, asset.body.find_first_of("\"?", begin) - begin);
        if (target.starts_with('#')) continue;
        EXPECT_NE(find_asset(target), nullptr) << asset.path << " points to " << target;
      }
    }
  }
}

}  // namespace
}  // namespace web
