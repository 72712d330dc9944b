// Where factory recipes will run. Shows what there is: none.
#pragma once

#include "ui/views/page.h"

namespace sealift {

class ProvisioningPage final : public Page {
  Q_OBJECT

 public:
  explicit ProvisioningPage(QWidget* parent = nullptr);
};

}  // namespace sealift
