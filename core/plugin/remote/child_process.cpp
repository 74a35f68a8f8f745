#include "core/plugin/remote/child_process.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "core/base/text.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/channel/records.hpp"
#include "core/plugin/reactor.hpp"
#include "core/plugin/remote/systemd_scope.hpp"

namespace evenkeel::plugin {
namespace {

// Of its schemas, and then of its log lines and what it stores.
constexpr std::size_t kGreetingMost = 64u << 20, kControlMost = 128u << 10;
// It gives way to the agent, where no control group bounds it.
constexpr int kNice = 5;
// Of them all, which are from its process before any code of the plugin runs.
constexpr std::size_t kNotesMost = 10;

}  // namespace

Result<std::shared_ptr<ChildProcess>> ChildProcess::start(const Isolation& isolation,
                                                          const Service& service, int data_dir,
                                                          Listener listener, const Until& until) {
    auto spawned = EK_TRY(spawn(isolation.program, service.package.name));
    std::shared_ptr<ChildProcess> child(
        new ChildProcess(std::move(spawned), std::move(listener), isolation.idle_work_most));
    if (isolation.has_control_group) child->join_group(service.package.name, until);
    auto greeted = child->greet(service, data_dir, until);
    if (greeted) greeted = child->look_after();
    child->note_work(false);
    if (greeted) return child;
    child->stop();
    return fail(std::move(greeted.error()));
}

ChildProcess::ChildProcess(Spawned spawned, Listener listener,
                           std::chrono::nanoseconds idle_work_most)
    : spawned_(std::move(spawned)),
      listener_(std::move(listener)),
      control_(std::move(spawned_.control), kGreetingMost, true),
      storage_(std::make_unique<StorageService>(
          listener_.host, [this](FrameWriter frame) { send(std::move(frame)); })),
      lines_([this](const std::string& line) {
          log(EK_SEV_INFO, borrow("printed: " + line), kAbsent);
      }),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      idle_work_(idle_work_most) {}

// Before it is told what to serve, so that the plugin's code never runs outside.
void ChildProcess::join_group(const std::string& plugin, const Until& until) {
    auto group = ControlGroup::make(plugin, spawned_.pid, own_service(), until);
    if (group) group_ = *std::move(group);
    notes_ = group_ ? group_->notes() : std::vector{no_bounds(group.error())};
    if (!group_ || !group_->is_made())
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(spawned_.pid), kNice);
}

Result<void> ChildProcess::greet(const Service& service, int data_dir, const Until& until) {
    auto frame = frame_of(service);
    if (!send_with(control_.fd(), frame,
                   data_dir >= 0 ? std::vector{data_dir} : std::vector<int>()))
        return fail(Errc::unavailable, "its process ended at once");
    ::fcntl(control_.fd(), F_SETFL, O_NONBLOCK);
    while (wait_for(control_.fd(), POLLIN, until)) {
        if (control_.fill() == FrameSocket::Io::ended) {
            // It may have closed its connection and live on.
            kill_if_alive("it closed its connection");
            reap();
            return fail(Errc::unavailable, "its process does not start: " + how_);
        }
        if (control_.broken()) break;
        if (auto greeted = take_greeting(); !greeted || !tables_.id.empty()) return greeted;
    }
    return fail(Errc::timeout, "its process does not say what it serves");
}

Result<void> ChildProcess::take_greeting() {
    while (auto frame = control_.take()) {
        // Descriptors that come later are the plugin's.
        auto descriptors = control_.take_descriptors();
        if (frame->kind() == FrameKind::refused)
            return fail(Errc::unsupported, printable(head(frame->text(), PrintedLines::kLineMost)));
        if (!std::exchange(sandboxed_, true)) {
            if (frame->kind() != FrameKind::sandboxed)
                return fail(Errc::internal, "its process does not say what it serves");
            for (const std::string& note : split(copy(frame->text()), '\n'))
                if (!note.empty() && notes_.size() < kNotesMost) notes_.push_back(printable(note));
            if (!descriptors.empty()) refusals_ = std::move(descriptors.front());
            // What is refused while it is loaded waits for an answer already.
            EK_CHECK(listen_to(refusals_.get(), &ChildProcess::on_refusal));
            continue;
        }
        if (frame->kind() == FrameKind::log) {
            const std::int32_t severity = frame->i32();
            const ek_str text = frame->text();
            if (frame->good()) log(severity, text, frame->text());
            continue;
        }
        if (frame->kind() != FrameKind::hello) continue;
        tables_ = tables_of(*frame);
        if (!frame->whole() || tables_.id.empty())
            return fail(Errc::internal, "its process does not say what it serves");
        control_.set_most(kControlMost);
        return {};
    }
    return {};
}

Result<void> ChildProcess::look_after() {
    if (!timer_) return fail(Errc::limit, "cannot make a timer for a plugin's process");
    Reactor* const reactor = EK_TRY(Reactor::shared());
    reactor->on_hang(this, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->on_hang();
    });
    EK_CHECK(listen_to(control_.fd(), &ChildProcess::on_control));
    EK_CHECK(listen_to(spawned_.output.get(), &ChildProcess::on_output));
    EK_CHECK(listen_to(timer_.get(), &ChildProcess::on_timer));
    if (group_ && group_->event_fd() >= 0)
        EK_CHECK(listen_to(group_->event_fd(), &ChildProcess::on_memory, POLLPRI));
    return listen_to(spawned_.pidfd.get(), &ChildProcess::on_end);
}

Result<std::unique_ptr<Channel>> ChildProcess::take_channel() {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto channel = std::move(idle_.back());
            idle_.pop_back();
            return channel;
        }
    }
    return new_channel();
}

Result<std::unique_ptr<Channel>> ChildProcess::new_channel() {
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return fail(system_error(errno, "cannot make a channel"));
    Fd ours(ends[0]);
    const Fd its(ends[1]);
    ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
    Fd cancel(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!cancel) return fail(system_error(errno, "cannot make a channel"));
    FrameWriter frame(FrameKind::channel);
    bool sent = false;
    {
        const std::lock_guard lock(mutex_);
        sent = send_with(control_.fd(), frame, {its.get(), cancel.get()});
    }
    if (!sent) {
        kill_if_alive("it did not take its messages");
        return fail(Errc::unavailable, "its process has ended");
    }
    return std::make_unique<Channel>(
        Channel{FrameSocket(std::move(ours), kAnswerMost), std::move(cancel)});
}

void ChildProcess::give_back(std::unique_ptr<Channel> channel) {
    const std::lock_guard lock(mutex_);
    if (!ended_) idle_.push_back(std::move(channel));
}

}  // namespace evenkeel::plugin
