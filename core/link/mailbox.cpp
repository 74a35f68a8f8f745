#include "core/link/mailbox.hpp"

#include <exception>
#include <utility>

#include <proton/connection.h>
#include <proton/proactor.h>

#include "core/base/log.hpp"

namespace evenkeel::link {

void Mailbox::open(pn_connection_t* connection) {
    const std::lock_guard lock(mutex_);
    connection_ = connection;
}

void Mailbox::close() {
    // Destroyed after the lock is released, because the destructor of a work may call this object.
    std::vector<std::function<void()>> dropped;
    const std::lock_guard lock(mutex_);
    connection_ = nullptr;
    dropped.swap(waiting_);
}

bool Mailbox::post(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    if (connection_ == nullptr) return false;
    waiting_.push_back(std::move(work));
    pn_connection_wake(connection_);
    return true;
}

void Mailbox::drain() {
    std::vector<std::function<void()>> ready;
    {
        const std::lock_guard lock(mutex_);
        ready.swap(waiting_);
    }
    for (const auto& work : ready) {
        try {
            work();
        } catch (const std::exception& error) {
            log::error("work on a link failed", {{"error", error.what()}});
        }
    }
}

}  // namespace evenkeel::link
