#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/crypto/secret.hpp"

namespace evenkeel::crypto {

// What a bearer shows: its record's id, an underscore and 32 random bytes in URL-safe base64. The
// id finds the record; the store keeps only the hash, which with that much chance in it needs no
// slow function.
struct Token {
    std::string id;    // make_id(kind): "ekp_0192f0c1-..."
    Secret text;       // shown once
    std::string hash;  // for the store
};

Token make_token(std::string_view kind);
// The id in the token `text` of this kind; `invalid` when it is not spelled like one.
Result<std::string> token_id(std::string_view kind, std::string_view text);
// The hash to compare: 64 hex digits.
std::string token_hash(std::string_view text);
// Whether `text` is the token whose hash is stored; takes the same time wherever they differ.
bool token_matches(std::string_view text, std::string_view hash);

}  // namespace evenkeel::crypto
