#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

namespace evenkeel::test {

namespace json = sdk::json;

// Names to JSON values.
using Fields = std::map<std::string, std::string>;

// Each tray is a file of its name in one folder.
class Store {
  public:
    explicit Store(std::string folder) : folder_(std::move(folder)) {
        std::filesystem::create_directories(folder_);
    }
    const std::string& folder() const { return folder_; }

    std::optional<std::string> text(const std::string& id) const {
        std::ifstream file(path_of(id));
        if (id.find('/') != id.npos || !file) return std::nullopt;
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    std::optional<Fields> find(const std::string& id) const {
        const auto kept = text(id);
        if (!kept) return std::nullopt;
        Fields fields;
        const json::Document document = json::parse_object(*kept);
        for (const auto& member : document.GetObject())
            fields[std::string(json::text(member.name))] = json::write(member.value);
        return fields;
    }
    void put(const std::string& id, const Fields& fields) const {
        sdk::Object object;
        for (const auto& [name, value] : fields) object.raw(name, value);
        const std::string fresh = folder_ + "/." + id;
        std::ofstream(fresh) << object.json();
        std::filesystem::rename(fresh, path_of(id));
    }
    void erase(const std::string& id) const { std::filesystem::remove(path_of(id)); }
    std::vector<std::string> ids() const {
        std::vector<std::string> ids;
        for (const auto& entry : std::filesystem::directory_iterator(folder_))
            if (const std::string name = entry.path().filename(); name[0] != '.')
                ids.push_back(name);
        std::sort(ids.begin(), ids.end());
        return ids;
    }

  private:
    std::string path_of(const std::string& id) const { return folder_ + "/" + id; }
    std::string folder_;
};

}  // namespace evenkeel::test
