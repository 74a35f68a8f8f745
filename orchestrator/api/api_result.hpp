#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "core/base/result.hpp"
#include "orchestrator/http/problem.hpp"
#include "orchestrator/http/router.hpp"
#include "orchestrator/state/state.hpp"

// How handlers answer.
namespace evenkeel::api {

template <typename T>
using ApiResult = tl::expected<T, http::Problem>;
using ReplyResult = ApiResult<http::Reply>;

inline tl::unexpected<http::Problem> refuse(http::Problem problem) {
    return tl::unexpected<http::Problem>(std::move(problem));
}
inline tl::unexpected<http::Problem> refuse(http::Code code, std::string detail) {
    return refuse(http::Problem{.code = code, .detail = std::move(detail)});
}

inline http::Problem as_problem(http::Problem problem) {
    return problem;
}
inline http::Problem as_problem(const Error& error) {
    return http::problem_from(error);
}
// What a change of the state can end with: beside the domain's errors a full store is
// `store-full`, a busy one `unavailable`.
http::Problem change_problem(const Error& error);

// A handler that only reads: one moment of the state, answered at once.
using Read = std::function<ReplyResult(const state::View&, const http::Request&)>;
http::Handler reading(const state::State& state, Read read);

}  // namespace evenkeel::api

// The value of a Result or ApiResult, or return its error as a problem from the function around.
#define EK_API_TRY(expression)                                                  \
    __extension__({                                                             \
        auto ek_api_result = (expression);                                      \
        if (!ek_api_result) {                                                   \
            return ::evenkeel::api::refuse(                                     \
                ::evenkeel::api::as_problem(std::move(ek_api_result.error()))); \
        }                                                                       \
        std::move(ek_api_result).value();                                       \
    })
