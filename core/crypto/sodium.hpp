#pragma once

#include <string>
#include <string_view>

// What this folder's own files need around libsodium.
namespace evenkeel::crypto {

const unsigned char* bytes_of(std::string_view text);
unsigned char* bytes_of(std::string& text);

// Makes libsodium ready for random numbers; aborts when the system has none. [any]
void need_sodium();

}  // namespace evenkeel::crypto
