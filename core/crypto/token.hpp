#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/crypto/secret.hpp"

namespace evenkeel::crypto {

// A bearer token: the id of its record, an underscore and 32 random bytes in URL-safe base64. The
// id finds the record. The store keeps only the SHA-256: with 256 random bits nothing can be
// guessed, so no slow password hash is needed. [any]
struct Token {
    std::string id;    // make_id(kind): "ekp_0192f0c1-..."
    Secret text;       // shown to its owner once
    std::string hash;  // for the store
};

Token make_token(std::string_view kind);
// The id in the token `text` of this kind; `invalid` when it is not spelled like one.
Result<std::string> token_id(std::string_view kind, std::string_view text);
// The hash to compare: 64 hex digits.
std::string token_hash(std::string_view text);
// Whether `text` is the token whose hash is stored; takes the same time wherever the two differ.
bool token_matches(std::string_view text, std::string_view hash);

}  // namespace evenkeel::crypto
