#include "core/link/container_runner.hpp"

#include <exception>

#include <proton/container.hpp>

#include "core/link/proton_overrides.hpp"

namespace evenkeel::link {

Result<void> ContainerRunner::run(const std::string& container_id,
                                  const std::function<void(proton::container&)>& set_up,
                                  const std::function<void()>& ended) {
    if (!proton_overrides::active())
        return fail(Errc::internal, "the program lacks the overrides of core/link");
    Result<void> result;
    try {
        proton::container container(container_id);
        try {
            {
                // stop() ends the container that is there, so it must not run between these steps.
                const std::lock_guard lock(mutex_);
                if (stopped_) return {};
                set_up(container);
                running_ = &container;
            }
            container.run();
        } catch (const std::exception& error) {
            result = fail(Errc::internal, error.what());
        }
        {
            const std::lock_guard lock(mutex_);
            running_ = nullptr;
        }
        ended();
    } catch (const std::exception& error) {
        result = fail(Errc::internal, error.what());
    }
    return result;
}

void ContainerRunner::stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    if (running_ != nullptr) running_->stop();
}

}  // namespace evenkeel::link
