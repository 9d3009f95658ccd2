# A plain RNN over 200 steps whose outputs are averaged, so that no step is far from the loss.
import torch
import torch.nn as nn


class PooledRNN(nn.Module):
    def __init__(self, n_in=4, n_hidden=32, n_out=3):
        super().__init__()
        self.rnn = nn.RNN(n_in, n_hidden, batch_first=True)
        self.fc = nn.Linear(n_hidden, n_out)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out.mean(dim=1))


if __name__ == "__main__":
    print(PooledRNN()(torch.randn(8, 200, 4)).shape)
