#include "orchestrator/api/api_result.hpp"

#include <utility>

namespace evenkeel::api {

http::Problem change_problem(const Error& error) {
    if (error.code == Errc::limit) return {.code = http::Code::store_full, .detail = error.what};
    return http::problem_from(error);
}

http::Handler reading(const state::State& state, Read read) {
    return [&state, read = std::move(read)](const http::Request& request,
                                            const std::shared_ptr<http::Responder>& responder) {
        const auto view = state.read();
        if (!view) return responder->send(view.error());
        auto outcome = read(*view, request);
        if (outcome) {
            responder->send(*std::move(outcome));
        } else {
            responder->send(outcome.error());
        }
    };
}

}  // namespace evenkeel::api
