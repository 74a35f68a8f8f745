#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <systemd/sd-bus.h>

namespace evenkeel::services {

// The properties of a D-Bus object by their names, as far as they are texts, lists of texts,
// numbers or 128-bit ids (as hex). What is not there is empty or 0: systemd's releases differ.
class Properties {
  public:
    // From the reply to GetAll; throws EK_E_INTERNAL when it is none.
    static Properties of(sd_bus_message* reply);

    const std::string& text(const std::string& name) const;
    const std::vector<std::string>& list(const std::string& name) const;
    std::uint64_t number(const std::string& name) const;

    // For tests.
    std::map<std::string, std::string> texts;
    std::map<std::string, std::vector<std::string>> lists;
    std::map<std::string, std::uint64_t> numbers;

  private:
    void read_value(sd_bus_message* reply, const std::string& name);
};

}  // namespace evenkeel::services
