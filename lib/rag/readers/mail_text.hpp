// The encodings of mail: quoted-printable, base64, encoded words, header parameters.
#pragma once

#include <string>
#include <string_view>

namespace hadal::rag {

std::string from_quoted_printable(std::string_view text);
std::string from_base64(std::string_view text);         // what is not of the alphabet is passed over
std::string decoded_header(std::string_view value);     // RFC 2047 words, to UTF-8
// A parameter of "text/plain; charset=utf-8; name*=utf-8''x" (RFC 2045, 2231); empty if there is none.
std::string header_parameter(std::string_view value, std::string_view name);

}  // namespace hadal::rag
