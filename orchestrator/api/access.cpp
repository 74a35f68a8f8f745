#include "orchestrator/api/access.hpp"

#include <utility>

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/crypto/token.hpp"

namespace evenkeel::api {
namespace {

http::Problem unauthenticated(std::string detail) {
    return {.code = http::Code::unauthenticated, .detail = std::move(detail)};
}

}  // namespace

Result<void> ensure_admin_token(state::State& state, const std::string& file) {
    bool any = false;
    {
        const state::Reading view = EK_TRY(state.read());
        EK_CHECK(view.scan(view.tables().tokens, store::Range::all(),
                           [&](std::string_view, std::string_view) {
                               any = true;
                               return false;
                           }));
    }
    if (any) return {};
    const crypto::Token token = crypto::make_token(kTokenKind);
    // The file first: a start that ends between the two begins anew.
    EK_CHECK(write_file(file, std::string(token.text.reveal()) + "\n", 0600));
    EK_CHECK(state.run([&](state::Edit& edit) {
        return edit.put_api_token(
            {.id = token.id, .hash = token.hash, .name = "admin", .created_at = now_rfc3339()});
    }));
    log::info("the administrator's token was written", {{"file", file}});
    return {};
}

http::Authorize token_check(const state::State& state) {
    return [&state](http::Request& request, std::string_view) -> std::optional<http::Problem> {
        if (request.token.empty()) {
            return unauthenticated("send the token as Authorization: Bearer");
        }
        const auto id = crypto::token_id(kTokenKind, request.token);
        if (!id) return unauthenticated("the token is not known");
        const auto view = state.read();
        if (!view) return http::problem_from(view.error());
        const auto token = view->api_token(*id);
        if (!token) return http::problem_from(token.error());
        if (!*token || !crypto::token_matches(request.token, (*token)->hash)) {
            return unauthenticated("the token is not known");
        }
        request.principal = *id;
        return std::nullopt;
    };
}

}  // namespace evenkeel::api
