#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include <evenkeel/plugin.h>

namespace evenkeel::plugin_host {

// One open instance of the plugin.
struct ServedInstance {
    ek_instance* handle;
    const ek_collection* collection;
    unsigned watches = 0;  // open ones; guarded by ServedPlugin
};

// The plugin that this process serves, and its open instances by the agent's numbers. [any]
class ServedPlugin {
  public:
    ServedPlugin(const ek_module& module, const ek_host& host) : module_(module), host_(host) {}

    const ek_module& module() const { return module_; }
    const ek_host& host() const { return host_; }
    // Null: there is no such collection.
    const ek_collection* collection(std::uint32_t index) const;

    void add(std::uint32_t number, ServedInstance instance);
    // Null: there is none. It stays until close().
    ServedInstance* find(std::uint32_t number);
    // Waits until its watches are closed, then closes it.
    void close(std::uint32_t number);

    // Held while the plugin is called, so that each call sees what earlier ones wrote, on whatever
    // thread. The agent orders calls through sockets, which neither the memory model of C++ nor
    // ThreadSanitizer knows.
    class InCall {
      public:
        explicit InCall(ServedPlugin& plugin) : plugin_(plugin) { pass(); }
        ~InCall() { pass(); }
        InCall(const InCall&) = delete;
        InCall& operator=(const InCall&) = delete;

      private:
        void pass() { plugin_.calls_.fetch_add(1, std::memory_order_acq_rel); }
        ServedPlugin& plugin_;
    };

    void begin_watch(ServedInstance& instance);
    void end_watch(ServedInstance& instance);

  private:
    const ek_module& module_;
    const ek_host& host_;
    std::atomic<unsigned> calls_{0};  // that have begun or ended
    std::mutex mutex_;                // guards what follows
    std::condition_variable watch_ended_;
    std::map<std::uint32_t, std::unique_ptr<ServedInstance>> instances_;
};

}  // namespace evenkeel::plugin_host
