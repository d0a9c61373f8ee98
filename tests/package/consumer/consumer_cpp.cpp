// The C++ face from an installed package.
#include <iostream>

#include <hadal/hadal.hpp>

int main() {
  const auto model = hadal::Model::open("no such file.gguf");
  if (model || model.error().status != HADAL_NOT_FOUND) return 1;
  std::cout << hadal::describe("cpu").value() << "\n";
  return 0;
}
