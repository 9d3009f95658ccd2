# Sensor readings of 500 steps, classified from the last hidden state of a plain RNN.
import torch
import torch.nn as nn

input_size = 8
hidden_size = 64
num_classes = 4
seq_len = 500
batch_size = 8


class RNNClassifier(nn.Module):
    def __init__(self, input_size, hidden_size, num_classes):
        super().__init__()
        self.rnn = nn.RNN(input_size, hidden_size, batch_first=True)
        self.fc = nn.Linear(hidden_size, num_classes)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out[:, -1, :])


if __name__ == "__main__":
    model = RNNClassifier(input_size, hidden_size, num_classes)
    x = torch.randn(batch_size, seq_len, input_size)
    y = torch.randint(num_classes, (batch_size,))
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    print(loss.item())
