#include "core/plugin/remote/child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/channel/records.hpp"
#include "core/plugin/process_bounds.hpp"
#include "core/plugin/reactor.hpp"
#include "core/plugin/remote/refused_calls.hpp"
#include "core/plugin/remote/systemd_scope.hpp"

namespace evenkeel::plugin {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kReactorPatience{5000};
// Of its schemas, and then of its log lines and what it stores.
constexpr std::size_t kGreetingMost = 64u << 20, kControlMost = 128u << 10;
// What is refused more often is refused without being told.
constexpr unsigned kRefusalsMost = 20;
// From the end of its descriptors to its own.
constexpr milliseconds kLongestDeath{100};
// Of one that is killed, if the kernel lets it go.
constexpr milliseconds kLongestReap{1000};
// It gives way to the agent, where no control group bounds it.
constexpr int kNice = 5;
// Of them all, which are from its process before any code of the plugin runs.
constexpr std::size_t kNotesMost = 10;

// For one that the kernel does not let go yet: nobody waits for it.
void reap_later(Fd pidfd) {
    const auto reactor = Reactor::shared();
    if (!reactor || !pidfd) return;
    const auto held = std::make_shared<const Fd>(std::move(pidfd));
    static_cast<void>((*reactor)->add(held.get(), held->get(), POLLIN, [held](std::uint32_t) {
        siginfo_t info{};
        ::waitid(P_PIDFD, static_cast<id_t>(held->get()), &info, WEXITED | WNOHANG);
        if (const auto shared = Reactor::shared()) (*shared)->remove_all(held.get());
    }));
}

std::string memory_excess() {
    return "more memory than the " + std::to_string(kMemoryMost >> 20) +
           " MiB that it and its programs may have together";
}

std::string ending_of(const siginfo_t& info) {
    if (info.si_code == CLD_EXITED)
        return "it ended by itself with " + std::to_string(info.si_status);
    const char* name = ::strsignal(info.si_status);
    return "it was ended by signal " + std::to_string(info.si_status) +
           (name != nullptr ? " (" + std::string(name) + ")" : "");
}

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

ChildProcess::~ChildProcess() {
    stop();
}

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

Result<void> ChildProcess::listen_to(int fd, void (ChildProcess::*handler)(),
                                     std::uint32_t events) {
    if (fd < 0) return {};
    Reactor* const reactor = EK_TRY(Reactor::shared());
    return reactor->add(this, fd, events, [weak = weak_from_this(), handler](std::uint32_t) {
        if (const auto self = weak.lock()) (self.get()->*handler)();
    });
}

Result<void> ChildProcess::look_after() {
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

// Level-triggered: it stays readable until the timer listens to it again.
void ChildProcess::note_flood(int fd, std::size_t bytes) {
    if (!gate_.is_flood(bytes, milliseconds(now_monotonic_ms()))) return;
    if (const auto reactor = Reactor::shared()) (*reactor)->remove(this, fd);
    const itimerspec second{{0, 0}, {1, 0}};
    ::timerfd_settime(timer_.get(), 0, &second, nullptr);
}

void ChildProcess::on_timer() {
    std::uint64_t times = 0;
    if (::read(timer_.get(), &times, sizeof(times)) < 0) return;
    static_cast<void>(listen_to(control_.fd(), &ChildProcess::on_control));
    static_cast<void>(listen_to(spawned_.output.get(), &ChildProcess::on_output));
}

bool ChildProcess::take_message(FrameReader& frame) {
    if (frame.kind() == FrameKind::storage) return storage_->serve(frame);
    if (frame.kind() != FrameKind::log) return false;
    const std::int32_t severity = frame.i32();
    const ek_str text = frame.text();
    const ek_str fields = frame.text();
    if (frame.whole()) log(severity, text, fields);
    return frame.whole();
}

void ChildProcess::send(FrameWriter frame) {
    FrameSocket::Io sent{};
    {
        const std::lock_guard lock(mutex_);
        control_.put(frame);
        sent = control_.flush();
    }
    if (sent == FrameSocket::Io::would_block) kill("it did not take its messages");
}

void ChildProcess::on_control() {
    if (control_.fill() == FrameSocket::Io::ended) {
        if (const auto reactor = Reactor::shared()) (*reactor)->remove(this, control_.fd());
        return kill_if_alive("it closed its connection");
    }
    std::size_t bytes = 0;
    while (auto frame = control_.take()) {
        control_.take_descriptors();
        bytes += frame->left() + 64;
        if (!take_message(*frame)) return kill("it sent what is no message");
    }
    if (control_.broken()) return kill("it sent a message that is too long");
    note_flood(control_.fd(), bytes);
}

void ChildProcess::on_output() {
    std::array<char, 16 * 1024> buffer;
    const ssize_t length = ::read(spawned_.output.get(), buffer.data(), buffer.size());
    if (length < 0) return;
    if (length == 0) {
        lines_.end();
        if (const auto reactor = Reactor::shared()) (*reactor)->remove(this, spawned_.output.get());
        return;
    }
    lines_.add({buffer.data(), static_cast<std::size_t>(length)});
    note_flood(spawned_.output.get(), static_cast<std::size_t>(length));
}

void ChildProcess::on_refusal() {
    const bool refused = refuse_call(refusals_.get(), [this](const std::string& permission) {
        const std::string text = "it was refused what its manifest does not declare: \"" +
                                 permission + "\" in permissions";
        log(EK_SEV_WARNING, borrow(text), kAbsent);
    });
    if (refused && ++refused_ < kRefusalsMost) return;
    // Without a listener the kernel refuses by itself.
    if (const auto reactor = Reactor::shared()) (*reactor)->remove(this, refusals_.get());
    refusals_.reset();
}

// Heard while the process still ends: its group is gone soon after.
void ChildProcess::on_memory() {
    {
        const std::lock_guard lock(mutex_);
        if (!group_ || group_->ends_for_memory() == 0 || std::exchange(lacks_memory_, true)) return;
    }
    log(EK_SEV_WARNING, borrow("it or a program of it was ended: " + memory_excess()), kAbsent);
}

std::uint64_t ChildProcess::processor_time() const {
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(spawned_.pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
        return 0;
    return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(used.tv_nsec);
}

void ChildProcess::note_work(bool begins) {
    const std::lock_guard lock(mutex_);
    if (reaped_) return;
    if (begins) idle_work_.call_begins(now_monotonic_ns(), processor_time());
    else idle_work_.call_ends(now_monotonic_ns(), processor_time());
}

bool ChildProcess::end_if_busy() {
    std::uint64_t worked = 0;
    {
        const std::lock_guard lock(mutex_);
        if (!reaped_) worked = idle_work_.excess(now_monotonic_ns(), processor_time());
    }
    if (worked == 0) return false;
    kill("it kept a processor busy for " + std::to_string(worked / 1'000'000) +
         " ms while nobody called it");
    return true;
}

bool ChildProcess::reap() {
    const bool is_over = wait_for(spawned_.pidfd.get(), POLLIN, Until{}.but_at_most(kLongestReap));
    const std::lock_guard lock(mutex_);
    if (reaped_ || !is_over) return reaped_;
    siginfo_t info{};
    const auto id = static_cast<id_t>(spawned_.pidfd.get());
    // Until it is reaped its number is its own, and its session's.
    if (::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return false;
    kill_session();
    ::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG);
    reaped_ = true;
    ended_ = true;
    if (how_.empty()) {
        how_ = ending_of(info);
        const bool is_killed = info.si_code == CLD_KILLED && info.si_status == SIGKILL;
        if (is_killed && (lacks_memory_ || (group_ && group_->ends_for_memory() != 0)))
            how_ += ": " + memory_excess();
    }
    idle_.clear();
    group_.reset();
    return true;
}

void ChildProcess::on_end() {
    // What it said last tells why.
    on_output();
    end();
}

void ChildProcess::on_hang() {
    kill("the agent hung in what it sent");
    end();
}

void ChildProcess::end() {
    reap();
    if (const auto reactor = Reactor::shared()) (*reactor)->remove_all(this);
    listener_.ended(how_);
    const std::lock_guard lock(mutex_);
    told_ = true;
    over_.notify_all();
}

// Most likely it has ended or is about to, and then its end says more.
void ChildProcess::kill_if_alive(const std::string& why) {
    ended_ = true;
    if (!wait_for(spawned_.pidfd.get(), POLLIN, Until{}.but_at_most(kLongestDeath))) kill(why);
}

void ChildProcess::kill(const std::string& why) {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    idle_.clear();
    if (reaped_) return;
    if (how_.empty()) how_ = why;
    kill_session();
}

void ChildProcess::kill_session() const {
    ::kill(-spawned_.pid, SIGKILL);
    ::kill(spawned_.pid, SIGKILL);
}

void ChildProcess::stop() {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(stopped_, true)) return;
    }
    if (const auto reactor = Reactor::shared()) {
        // On its thread, so that no handler is under way.
        static_cast<void>(
            (*reactor)->run([r = *reactor, key = this] { r->remove_all(key); }, kReactorPatience));
    }
    ended_ = true;
    storage_.reset();
    {
        const std::lock_guard lock(mutex_);
        if (reaped_) return;
        kill_session();
    }
    if (reap()) return;
    const std::lock_guard lock(mutex_);
    group_.reset();
    reaped_ = true;  // by somebody else: its number is not to be used any more
    reap_later(Fd(::fcntl(spawned_.pidfd.get(), F_DUPFD_CLOEXEC, 0)));
}

std::string ChildProcess::how() {
    std::unique_lock lock(mutex_);
    over_.wait_for(lock, std::chrono::seconds(1), [this] { return told_ || stopped_; });
    return how_.empty() ? "it does not answer any more" : how_;
}

}  // namespace evenkeel::plugin
