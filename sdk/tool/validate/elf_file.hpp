#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel::validate {

struct ElfSymbol {
    std::string name;
    bool defined = false, weak = false, unique = false;
};

// What the headers of a shared object say, without running any of it.
struct ElfFile {
    std::uint16_t machine = 0;
    bool is_shared = false, is_64_bit = false, executable_stack = false, text_relocations = false;
    std::vector<std::string> needed;          // libraries
    std::vector<std::string> search_folders;  // RPATH and RUNPATH
    std::vector<std::string> versions;        // of symbols that it needs: GLIBC_2.34
    std::vector<ElfSymbol> symbols;           // dynamic ones that are global

    bool needs(std::string_view library) const;
    std::vector<std::string> exports() const;
};

// `invalid` for what is no ELF file of 64 bits, or is cut off.
Result<ElfFile> read_elf(const std::string& path);

}  // namespace evenkeel::validate
