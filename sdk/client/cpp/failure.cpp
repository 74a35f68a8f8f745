#include "sdk/client/cpp/result.hpp"
#include "sdk/client/cpp/types.hpp"

namespace evenkeel::client {

std::string Failure::text() const {
    std::string out = code.empty() ? detail : code + ": " + detail;
    for (const FieldError& error : errors) {
        out += "; " + (error.pointer.empty() ? "/" : error.pointer) + ": " + error.detail;
    }
    if (!request_id.empty()) out += " (request " + request_id + ")";
    return out;
}

bool Command::finished() const {
    return state == "succeeded" || state == "failed" || state == "expired" ||
           state == "cancelled" || state == "superseded" || state == "interrupted";
}

}  // namespace evenkeel::client
