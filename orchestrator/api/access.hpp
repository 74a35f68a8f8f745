#pragma once

#include <string>

#include "orchestrator/http/router.hpp"
#include "orchestrator/state/state.hpp"

// Who may use the API.
namespace evenkeel::api {

inline constexpr std::string_view kTokenKind = "ekp";

// At the first start: makes the administrator's token, writes it with a newline into `file`
// (0600), and keeps its hash. Later starts do nothing, even when the file is gone.
Result<void> ensure_admin_token(state::State& state, const std::string& file);

// Bearer tokens against their stored hashes. A token that counts may do everything.
http::Authorize token_check(const state::State& state);

}  // namespace evenkeel::api
