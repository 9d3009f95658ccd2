# A plain RNN over eight steps: short enough to learn.
import torch
import torch.nn as nn


class ShortRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(input_size=4, hidden_size=32, batch_first=True)
        self.out = nn.Linear(32, 2)

    def forward(self, x):
        r_out, h_n = self.rnn(x, None)
        return self.out(r_out[:, -1])


if __name__ == "__main__":
    print(ShortRNN()(torch.randn(16, 8, 4)).shape)
