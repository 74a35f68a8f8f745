#include <utility>

#include "core/base/log.hpp"
#include "orchestrator/bus/agent_connection.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/to_rest.hpp"

// Events of a host: each is committed first, then accepted.
namespace evenkeel::bus {

void AgentConnection::on_event(wire::Event event, const link::Delivery& delivery) {
    if (event.seq == 0) {
        delivery.settle(link::Disposition::accept);
        on_live_event(event);
        return;
    }
    const std::uint64_t previous = event.seq > last_event_ ? last_event_ : 0;
    last_event_ = event.seq;
    auto taken = std::make_shared<commands::ReceiveResult>(commands::ReceiveResult::fresh);
    const commands::ReportContext known{.protector = &shared_.protector,
                                        .schemas = &shared_.schemas,
                                        .stream = shared_.state.stream()};
    shared_.state.submit(
        [host = host_, known, event = std::move(event), previous,
         taken](state::Edit& edit) -> Result<void> {
            *taken = EK_TRY(commands::take_event(edit, known, host, event, previous));
            return {};
        },
        [self = shared_from_this(), taken, delivery](const Result<void>& done) {
            if (done) {
                const bool unfit = *taken == commands::ReceiveResult::unfit;
                delivery.settle(unfit ? link::Disposition::reject : link::Disposition::accept);
                return;
            }
            log::warning("an event was not stored",
                         {{"host", self->host_}, {"error", done.error().what}});
            if (done.error().code == Errc::conflict) {
                // It has changed its stream without a hello: close, so that it connects again.
                self->shared_.close(self->connection_, "amqp:precondition-failed",
                                    done.error().what);
            } else if (!self->ended_) {
                self->release_later(delivery);
            }
        });
}

void AgentConnection::on_live_event(const wire::Event& event) {
    if (event.kind == wire::EventKind::command_running) {
        shared_.state.submit_lazy(
            [host = host_, event](state::Edit& edit) {
                return commands::take_running(edit, host, event);
            },
            [](const Result<void>&) { /* out of date: the outcome has overtaken it */ });
        return;
    }
    if (event.kind != wire::EventKind::command_progress) return;
    const json::Value& data = event.data;
    shared_.show_live(host_, state::EventType::command_progress, data.string_or("command"),
                      state::time_of_host(event.time),
                      state::encode(state::rest::ProgressEvent{
                          .host = host_,
                          .command = data.string_or("command"),
                          .ref = {data.string_or("collection"), data.string_or("id")},
                          .permille = data.integer_or("permille"),
                          .message = data.string_or("message")}));
}

}  // namespace evenkeel::bus
