#include "orchestrator/api/reading_compiled.hpp"

#include <utility>

#include "orchestrator/plans/reader.hpp"

namespace evenkeel::api {
namespace {

ReplyResult answer(const ReadCompiled& read, const Result<plans::Moment>& moment,
                   const http::Request& request) {
    if (!moment) return refuse(as_problem(moment.error()));
    return read(*moment, request);
}

}  // namespace

http::Handler reading_compiled(Context& context, ReadCompiled read) {
    return [&context, read = std::move(read)](const http::Request& request,
                                              const std::shared_ptr<http::Responder>& responder) {
        const auto queued = context.reader.read([read, request, responder](const auto& moment) {
            auto reply = answer(read, moment, request);
            if (reply) responder->send(*std::move(reply));
            else responder->send(reply.error());
        });
        if (!queued) responder->send(queued.error());
    };
}

}  // namespace evenkeel::api
