#pragma once

#include "wire/ids.h"

namespace flotilla::tools::asb {

/// Letters of values that are bytes, by their type.
struct BytesLetter {
  wire::ParticleType type;
  char letter;
};
constexpr BytesLetter kBytesLetters[] = {
    {wire::ParticleType::Blob, 'B'},       {wire::ParticleType::JavaBlob, 'J'},
    {wire::ParticleType::CSharpBlob, 'C'}, {wire::ParticleType::PythonBlob, 'P'},
    {wire::ParticleType::RubyBlob, 'R'},   {wire::ParticleType::PhpBlob, 'H'},
    {wire::ParticleType::ErlangBlob, 'E'}, {wire::ParticleType::Hll, 'Y'},
    {wire::ParticleType::Map, 'M'},        {wire::ParticleType::List, 'L'},
};

}  // namespace flotilla::tools::asb
