#pragma once

#include <map>
#include <string>

#include "trays.hpp"

namespace evenkeel::test {

// Watches the folder of the trays.
class Watch {
  public:
    Watch(Tray& tray, const ek_watch_host* host);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void interest(const std::string& id, bool on);
    ek_status ready(int fd);

  private:
    void see(const std::string& name, bool gone);
    void tell(std::int32_t kind, const std::string& id);

    Tray& tray_;
    const ek_watch_host* host_;
    int fd_ = -1;
    bool deaf_ = false;
    int events_ = 0;
    std::map<std::string, bool> there_;  // of the ids of interest: whether the tray exists
};

}  // namespace evenkeel::test
