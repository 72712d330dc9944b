// Asks for one line of text.
#pragma once

#include "app/base/result.h"
#include "ui/dialogs/dialog_frame.h"

#include <functional>

namespace sealift {

class TextEntryDialog final : public DialogFrame {
  Q_OBJECT

 public:
  // `take` gets the text; an error that it returns is shown and the dialog stays.
  TextEntryDialog(const QString& name, const QString& title, const QString& label, const QString& value,
                  std::function<Status(const QString&)> take, QWidget* parent);
};

}  // namespace sealift
