# Writes OUTPUT, a C++ source with every page of PAGES (REQUEST_PATH=FILE, files below FROM) as a
# string, sorted by request path: cmake -DPAGES=… -DFROM=… -DOUTPUT=… -P embed.cmake
set(type_of_html "text/html; charset=utf-8")
set(type_of_js "text/javascript; charset=utf-8")
set(type_of_css "text/css; charset=utf-8")
set(type_of_svg "image/svg+xml")

# By byte, as std::string_view compares: a space comes before every character of a path.
list(TRANSFORM PAGES REPLACE "=" " ")
list(SORT PAGES COMPARE STRING)
set(rows "")
foreach(page IN LISTS PAGES)
  if(NOT page MATCHES "^(/[a-z0-9._-]*) ([a-z0-9_-]+\\.([a-z]+))$")
    message(FATAL_ERROR "not REQUEST_PATH=FILE: ${page}")
  endif()
  set(path ${CMAKE_MATCH_1})
  set(file ${FROM}/${CMAKE_MATCH_2})
  set(type ${type_of_${CMAKE_MATCH_3}})
  if(NOT type)
    message(FATAL_ERROR "no content type known for ${page}")
  endif()
  file(SHA256 ${file} hash)
  string(SUBSTRING ${hash} 0 16 hash)
  file(SIZE ${file} size)
  file(READ ${file} bytes HEX)
  # One literal a line of 32 bytes: every byte escaped, so that no byte can mean anything.
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  string(REPEAT "...." 32 line)
  string(REGEX REPLACE "(${line})" "\\1\"\n     \"" bytes "${bytes}")
  string(APPEND rows "    {\"${path}\", \"${type}\",\n     {\"${bytes}\", ${size}},\n     \"\\\"${hash}\\\"\"},\n")
endforeach()

file(WRITE ${OUTPUT} "// Made by gateway/web/embed.cmake.
#include \"gateway/web/assets.h\"

namespace web {

static constexpr Asset kAssets[] = {
${rows}};

std::span<const Asset> assets() { return kAssets; }

}  // namespace web
")
